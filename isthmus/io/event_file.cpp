#include "isthmus/io/event_file.hpp"

#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/crc32c.hpp"
#include "isthmus/io/png.hpp"

namespace isthmus::io {
namespace {

/// A protocol buffer under construction: fields one after another, each a key and its value.
class Message {
 public:
  Message& integer(uint32_t field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& number(uint32_t field, double value) {
    key(field, 1);
    append_little(bytes_, value);
    return *this;
  }
  Message& number(uint32_t field, float value) {
    key(field, 5);
    append_little(bytes_, value);
    return *this;
  }
  Message& text(uint32_t field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(uint32_t field, const Message& value) { return text(field, value.bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  void key(uint32_t field, uint32_t wire_type) { varint(field << 3 | wire_type); }

  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }

  std::string bytes_;
};

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Message event(int64_t step) {
  return Message().number(1, now()).integer(2, step);
}

Message value_event(int64_t step, const Message& value) {
  return event(step).message(5, Message().message(1, value));  // Event.summary, Summary.value
}

/// A CRC of data that holds CRCs is weak, so TFRecord stores them rotated and shifted.
uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(as_bytes(bytes));
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "localhost";
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& folder, std::optional<int64_t> first_step) {
  for (int serial = 0; descriptor_ < 0; ++serial) {
    path_ = folder / fmt::format("events.out.tfevents.{:010}.{}.{}.{}", static_cast<int64_t>(now()),
                                 host_name(), ::getpid(), serial);
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) throw_unwritable(path_, errno);
  }
  append(Message().number(1, now()).text(3, "brain.Event:2").bytes());
  constexpr int64_t session_start = 1;
  if (first_step) append(event(*first_step).message(7, Message().integer(1, session_start)).bytes());
}

EventFile::~EventFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void EventFile::scalar(std::string_view tag, int64_t step, double value) {
  append(value_event(step, Message().text(1, tag).number(2, static_cast<float>(value))).bytes());
}

void EventFile::image(std::string_view tag, int64_t step, const Image& image) {
  const Message picture = Message()
                              .integer(1, image.height)
                              .integer(2, image.width)
                              .integer(3, image.channels)
                              .text(4, as_text(encode_png(image)));
  append(value_event(step, Message().text(1, tag).message(4, picture)).bytes());
}

void EventFile::append(std::string_view event) {
  std::string record;
  append_little(record, uint64_t{event.size()});
  append_little(record, masked_crc(record));
  record += event;
  append_little(record, masked_crc(event));
  if (const int error = write_fully(descriptor_, as_bytes(record))) throw_unwritable(path_, error);
}

}  // namespace isthmus::io
