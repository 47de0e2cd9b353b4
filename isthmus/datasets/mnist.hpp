#pragma once

#include <string_view>

#include "isthmus/datasets/idx.hpp"

/// MNIST (LeCun, Bottou, Bengio, Haffner 1998, http://yann.lecun.com/exdb/mnist): handwritten digits.
namespace isthmus::datasets::mnist {

inline constexpr std::string_view summary =
    "handwritten digits, 28×28: 60,000 to train, 10,000 to test, 10 classes";
inline constexpr std::string_view how_to_get = "`make mnist`, or --data.path FOLDER with its four idx files";

inline Source open(const DataConfig& config) {
  return idx::open_known({.name = "mnist",
                          .class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
                          .checksums = {0xf3639b56, 0xba07e8ef, 0xe4ca5f57, 0xee8604d9},
                          .system_folders = {},
                          .how_to_get = how_to_get},
                         config);
}

}  // namespace isthmus::datasets::mnist
