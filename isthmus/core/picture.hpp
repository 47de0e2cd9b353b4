#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "isthmus/core/menu.hpp"
#include "isthmus/core/settings.hpp"
#include "isthmus/core/subject.hpp"
#include "isthmus/io/image.hpp"

namespace isthmus {

/// One line of the menu of pictures: made by CMake from pictures/NAME.hpp, which holds `summary`, Config,
/// `std::optional<std::string> why_not(const Subject&)` and `io::Image draw(const Subject&, const Config&)`.
struct PictureEntry {
  std::string_view name;
  std::string_view summary;
  Settings defaults;  ///< paths begin with the picture's name: "samples.count"
  bool preview;       ///< whether it is drawn now and then during training: Config::preview
  /// Why this picture does not exist for this model or data; nullopt when it does.
  std::function<std::optional<std::string>(const Subject&)> why_not;
  std::function<io::Image(const Subject&, const Settings&)> draw;
};

template <Configurable Config>
constexpr bool is_preview() {
  if constexpr (requires { Config::preview; })
    return Config::preview;
  else
    return false;
}

namespace pictures {
using Entry = PictureEntry;
const Menu<Entry>& menu();
}  // namespace pictures

}  // namespace isthmus
