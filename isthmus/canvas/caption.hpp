#pragma once

#include <string_view>

#include "isthmus/io/image.hpp"

namespace isthmus::canvas {

/// The picture with `words` on a white strip below it, wrapped to its width. RGB.
io::Image with_caption(const io::Image& picture, std::string_view words);

}  // namespace isthmus::canvas
