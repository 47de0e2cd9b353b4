#pragma once

#include <string_view>

#include "isthmus/datasets/idx.hpp"

/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, https://arxiv.org/abs/1708.07747): grey pictures of clothes.
namespace isthmus::datasets::fashion_mnist {

inline constexpr std::string_view summary =
    "grey pictures of clothes, 28×28: 60,000 to train, 10,000 to test, 10 classes";
inline constexpr std::string_view how_to_get =
    "`apt install dataset-fashion-mnist`, or --data.path FOLDER with its four idx files";

inline Source open(const DataConfig& config) {
  return idx::open_known({.name = "fashion_mnist",
                          .class_names = {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal",
                                          "shirt", "sneaker", "bag", "ankle boot"},
                          .checksums = {0xae65dccd, 0x2ed6e46a, 0x12728439, 0x242bc73f},
                          .system_folders = {"/usr/share/datasets/fashion-mnist"},
                          .how_to_get = how_to_get},
                         config);
}

}  // namespace isthmus::datasets::fashion_mnist
