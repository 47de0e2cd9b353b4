#include "isthmus/canvas/subject_images.hpp"

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/why_empty.hpp"

namespace isthmus::canvas {

std::vector<io::Image> to_images(const Tensor& pixels) {
  if (pixels.dim() != 4 || (pixels.size(1) != 1 && pixels.size(1) != 3))
    throw Error({.who = "canvas",
                 .expected = "images of 1 or 3 channels, [n, channels, height, width]",
                 .got = shape_text(Shape(pixels.sizes().begin(), pixels.sizes().end()))});
  const Tensor bytes = pixels.detach()
                           .to(at::kCPU, at::kFloat)
                           .nan_to_num(0)
                           .clamp(0, 1)
                           .mul(255)
                           .round()
                           .to(at::kByte)
                           .permute({0, 2, 3, 1})
                           .contiguous();
  const int64_t each = bytes.numel() / std::max<int64_t>(1, bytes.size(0));
  const uint8_t* next = bytes.const_data_ptr<uint8_t>();
  std::vector<io::Image> images;
  for (int64_t n = 0; n < bytes.size(0); ++n, next += each)
    images.push_back({.height = bytes.size(1),
                      .width = bytes.size(2),
                      .channels = bytes.size(3),
                      .pixels = std::vector<uint8_t>(next, next + each)});
  return images;
}

std::optional<std::string> no_images(const Subject& subject) {
  const Shape& shape = subject.examples().shape();
  if (shape.size() != 3 || (shape[0] != 1 && shape[0] != 3))
    return fmt::format(
        "the examples are {}, not images of 1 or 3 channels; latent_scatter and curves can be drawn",
        shape_text(shape));
  return why_empty(subject);
}

std::optional<std::string> no_codes(const Subject& subject) {
  if (!subject.can<Encoder>())
    return "the model does not encode examples; samples and reconstructions can be drawn";
  if (const auto reason = why_empty(subject)) return reason;
  if (subject.examples().size() == 1)
    return fmt::format(
        "the {} split holds one example, and a direction takes two; choose another with --split",
        enum_name(subject.split));
  return std::nullopt;
}

}  // namespace isthmus::canvas
