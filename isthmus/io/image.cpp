#include "isthmus/io/image.hpp"

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/jpeg.hpp"
#include "isthmus/io/png.hpp"

namespace isthmus::io {

Image read_image(const std::filesystem::path& path) {
  return read_image(FileInput(path));
}

Image read_image(const Input& input) {
  const std::vector<std::byte> bytes = input.bytes_at(0, input.size());
  const std::string_view text = as_text(bytes);
  if (text.starts_with("\x89PNG")) return decode_png(bytes, input.name());
  if (text.starts_with("\xff\xd8\xff")) return decode_jpeg(bytes, input.name());
  throw Error({.who = "image",
               .expected = "a PNG or JPEG file",
               .got = fmt::format("'{}', which starts like neither", input.name()),
               .hint = "converting it to PNG"});
}

}  // namespace isthmus::io
