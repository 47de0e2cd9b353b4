#pragma once

#include <cstdint>

#include "isthmus/io/image.hpp"

namespace isthmus::io {

/// The largest square about the middle; of an odd rest the smaller half is cut at the top and left.
Image centre_square(const Image& image);

/// Scales by area: every new pixel is the mean of the old ones below it, weighted by how much of each it
/// covers, so shrinking does not alias. The mean is rounded to the nearest byte. Throws Error for an empty
/// image or size.
Image resize(const Image& image, int64_t height, int64_t width);

}  // namespace isthmus::io
