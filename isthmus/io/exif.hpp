#pragma once

#include <cstddef>
#include <span>

#include "isthmus/io/image.hpp"

namespace isthmus::io {

/// How a camera was held, as the Exif data of its picture say (tag 0x0112): 1 upright to 8. 1 where `exif`,
/// the content of a JPEG's APP1 segment, does not say.
int orientation_of(std::span<const std::byte> exif);

/// The picture that a viewer shows: turned and mirrored as the orientation asks. 1 leaves it as it is.
Image upright(Image image, int orientation);

}  // namespace isthmus::io
