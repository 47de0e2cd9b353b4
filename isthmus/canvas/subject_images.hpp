#pragma once

#include <optional>
#include <string>
#include <vector>

#include "isthmus/core/subject.hpp"
#include "isthmus/io/image.hpp"

namespace isthmus::canvas {

/// [n, 1 or 3, height, width] → n images; what lies outside 0 … 1 is clamped, and rounded to 255ths.
/// Throws Error for other shapes.
std::vector<io::Image> to_images(const Tensor& pixels);

/// Why the subject's examples cannot be drawn as images, when they cannot, and the way out.
std::optional<std::string> no_images(const Subject& subject);

/// Why the model gives no cloud of codes, when it gives none, and the way out.
std::optional<std::string> no_codes(const Subject& subject);

}  // namespace isthmus::canvas
