#pragma once

#include <string_view>

namespace isthmus {

/// Where a model comes from; shown by `isthmus models NAME`, in reports and in the docs.
struct Paper {
  std::string_view authors;
  int year;
  std::string_view title;
  std::string_view url;
};

}  // namespace isthmus
