#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "isthmus/io/image.hpp"

namespace isthmus::io {

/// Writes a TensorBoard event file: records of the TFRecord format (length, data, masked CRC-32C of each),
/// whose data are Event protocol buffers (tensorflow/core/util/event.proto). Each record goes to the file in
/// one call, so a reader may follow along, and a killed process leaves at most one record unfinished. All
/// members throw Error when writing fails.
class EventFile {
 public:
  /// Starts a new file in `folder`, which must exist, named by the time so that files sort in their order.
  /// After a resume, `first_step` tells TensorBoard to forget what earlier files say of that step and later
  /// ones.
  explicit EventFile(const std::filesystem::path& folder, std::optional<int64_t> first_step = std::nullopt);
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;
  ~EventFile();

  void scalar(std::string_view tag, int64_t step, double value);
  void image(std::string_view tag, int64_t step, const Image& image);

  const std::filesystem::path& path() const { return path_; }

 private:
  void append(std::string_view event);

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace isthmus::io
