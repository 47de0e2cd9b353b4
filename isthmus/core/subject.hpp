#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "isthmus/core/dataset.hpp"
#include "isthmus/core/model.hpp"

namespace isthmus {

/// How far a long computation is; called now and then, from the thread that computes. Throws to stop it.
using Progress = std::function<void(int64_t done, int64_t total, std::string_view unit)>;

/// What is measured or drawn: a model, the data it was trained on, and the split to look at.
struct Subject {
  Model& model;
  const Data& data;
  Split split = Split::test;
  uint64_t seed = 0;
  std::filesystem::path run = {};  ///< the run directory; empty when the model was not read from one
  Progress progress = [](int64_t, int64_t, std::string_view) {};

  const Dataset& examples() const { return data.split(split); }
  /// How many of them are looked at: all, or `limit` where that is not 0.
  int64_t count(int64_t limit) const {
    return limit == 0 ? examples().size() : std::min(limit, examples().size());
  }

  /// The capability `C` of the model, or nullptr.
  template <class C>
  C* can() const {
    return dynamic_cast<C*>(&model);
  }
};

/// Calls visit(batch, first) over the subject's split in order, in batches of at most `batch` examples, up to
/// `limit` of them (0: all). Dynamically binarised pixels are the same whatever `batch` is.
void for_each_batch(const Subject& subject, int64_t batch, int64_t limit,
                    const std::function<void(const Batch&, int64_t first)>& visit);

/// The first `count` examples of the split (fewer when it is smaller).
Batch first_examples(const Subject& subject, int64_t count);

}  // namespace isthmus
