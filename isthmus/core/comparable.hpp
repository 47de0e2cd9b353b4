#pragma once

#include <string_view>

#include "isthmus/core/dataset.hpp"

namespace isthmus {

/// Whether every value that the data hand out is 0 or 1, as it stands or because it is made so.
bool is_binary(const Data& data);

/// Settings for data set `name` that treat it as `trained` was. When it is the same, all of them but those
/// that choose training examples: the limit on their number, and a class that was left out. Else whether
/// pixels are made 0 or 1: as `trained` made them, or where its own were so from the start, drawn anew.
DataConfig treated_alike(const Data& trained, std::string_view name);

/// Throws UsageError, as `who`, unless a model of `trained` can be asked for `examples`: they have its shape
/// and, for a `likelihood`, pixels of 0 and 1, or from 0 to 1, where it had. `size` is the word that scales
/// the examples: "--data.size".
void check_comparable(std::string_view who, const Data& trained, const Data& examples, bool likelihood,
                      std::string_view size = "--data.size");

}  // namespace isthmus
