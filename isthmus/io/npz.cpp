#include "isthmus/io/npz.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/io/stream.hpp"
#include "isthmus/io/zip.hpp"

namespace isthmus::io {
namespace {

using namespace zip;

constexpr std::string_view who = "npz";

[[noreturn]] void refuse(const std::string& expected, const std::string& got, const Input& input) {
  throw Error({.who = who,
               .expected = expected,
               .got = fmt::format("{} in '{}'", got, input.name()),
               .hint = "fetching or writing it again: it is truncated, damaged or no .npz file"});
}

struct Directory {
  uint64_t offset;
  uint64_t size;
};

/// The directory is found from the end of the file: an end record, then a comment of at most 65,535 bytes.
Directory find_directory(const Input& input) {
  const uint64_t tail_size = std::min<uint64_t>(input.size(), end_size + 0xffff);
  const std::vector<std::byte> tail = input.bytes_at(input.size() - tail_size, tail_size);
  for (size_t at = tail.size() + 1; at-- > end_size;) {
    const std::byte* const end = tail.data() + at - end_size;
    if (load_little<uint32_t>(end) != end_signature) continue;
    if (load_little<uint16_t>(end + 20) != tail.size() - at) continue;
    Directory directory{load_little<uint32_t>(end + 16), load_little<uint32_t>(end + 12)};
    const uint64_t end_offset = input.size() - tail_size + at - end_size;
    if (end_offset < locator64_size) return directory;
    const auto locator = input.bytes_at(end_offset - locator64_size, locator64_size);
    if (load_little<uint32_t>(locator.data()) != locator64_signature) return directory;
    const auto end64 = input.bytes_at(load_little<uint64_t>(locator.data() + 8), end64_size);
    if (load_little<uint32_t>(end64.data()) != end64_signature)
      refuse("a zip64 end record", "other bytes", input);
    return {load_little<uint64_t>(end64.data() + 48), load_little<uint64_t>(end64.data() + 40)};
  }
  refuse("the directory of a zip archive", "none", input);
}

/// The sizes and the offset that did not fit into 32 bits, in their order, each only where it is needed.
void take_zip64(std::span<const std::byte> extra, std::span<uint64_t* const> fields, const Input& input) {
  while (extra.size() >= 4) {
    const uint16_t id = load_little<uint16_t>(extra.data());
    const uint16_t length = load_little<uint16_t>(extra.data() + 2);
    if (length > extra.size() - 4) break;
    std::span<const std::byte> record = extra.subspan(4, length);
    extra = extra.subspan(4 + size_t{length});
    if (id != zip64_extra) continue;
    for (uint64_t* const field : fields) {
      if (*field != in_zip64) continue;
      if (record.size() < 8) refuse("64-bit sizes in a zip64 record", "too few bytes", input);
      *field = load_little<uint64_t>(record.data());
      record = record.subspan(8);
    }
    return;
  }
}

/// Passes bytes through and sums them up.
class ChecksumStream final : public Stream {
 public:
  explicit ChecksumStream(Stream& from) : from_(from) {}

  size_t read(std::span<std::byte> into) override {
    const size_t count = from_.read(into);
    checksum_ = extend_checksum(checksum_, into.first(count));
    count_ += count;
    return count;
  }
  uint64_t at_most() const override { return from_.at_most(); }
  const std::string& name() const override { return from_.name(); }

  uint32_t checksum() const { return checksum_; }
  uint64_t count() const { return count_; }

 private:
  Stream& from_;
  uint32_t checksum_ = 0;
  uint64_t count_ = 0;
};

}  // namespace

Npz::Npz(const std::filesystem::path& path) : Npz(std::make_unique<FileInput>(path)) {}

Npz::Npz(std::unique_ptr<const Input> input) : input_(std::move(input)) {
  read_directory();
}

void Npz::read_directory() {
  const Directory directory = find_directory(*input_);
  const std::vector<std::byte> bytes = input_->bytes_at(directory.offset, directory.size);
  std::span<const std::byte> rest = bytes;
  while (!rest.empty()) {
    if (rest.size() < member_size || load_little<uint32_t>(rest.data()) != member_signature)
      refuse("an entry of the zip directory", "other bytes", *input_);
    const std::byte* const entry = rest.data();
    const size_t name_size = load_little<uint16_t>(entry + 28);
    const size_t extra_size = load_little<uint16_t>(entry + 30);
    const size_t comment_size = load_little<uint16_t>(entry + 32);
    if (rest.size() - member_size < name_size + extra_size + comment_size)
      refuse("an entry of the zip directory", "the end of the directory", *input_);
    std::string name(as_text(rest.subspan(member_size, name_size)));
    const auto extra = rest.subspan(member_size + name_size, extra_size);
    rest = rest.subspan(member_size + name_size + extra_size + comment_size);

    if (!name.ends_with(npy_suffix)) continue;
    name.resize(name.size() - npy_suffix.size());
    const bool encrypted = (load_little<uint16_t>(entry + 8) & 1) != 0;
    const uint16_t method = load_little<uint16_t>(entry + 10);
    if (encrypted || (method != stored_method && method != deflated_method))
      refuse("stored or deflated members",
             fmt::format("zip method {}{}", method, encrypted ? ", encrypted," : ""), *input_);
    Member member{.offset = load_little<uint32_t>(entry + 42),
                  .compressed = load_little<uint32_t>(entry + 20),
                  .size = load_little<uint32_t>(entry + 24),
                  .checksum = load_little<uint32_t>(entry + 16),
                  .deflated = method == deflated_method};
    take_zip64(extra, std::array{&member.size, &member.compressed, &member.offset}, *input_);
    if (!members_.emplace(name, member).second)
      refuse("each name once", fmt::format("'{}' twice", name), *input_);
  }
}

std::vector<std::string> Npz::names() const {
  std::vector<std::string> names;
  for (const auto& [name, member] : members_) names.push_back(name);
  return names;
}

Array Npz::read(const std::string& name) const {
  const auto found = members_.find(name);
  if (found == members_.end())
    throw unknown_name(who, fmt::format("array of '{}'", input_->name()), name, names());
  const Member& member = found->second;
  const std::vector<std::byte> local = input_->bytes_at(member.offset, local_size);
  if (load_little<uint32_t>(local.data()) != local_signature)
    refuse(fmt::format("the local header of '{}'", name), "other bytes", *input_);
  const uint64_t begin = member.offset + local_size + load_little<uint16_t>(local.data() + 26) +
                         load_little<uint16_t>(local.data() + 28);
  if (begin > input_->size() || member.compressed > input_->size() - begin)
    refuse(fmt::format("{} bytes of '{}'", member.compressed, name), "the end of the file", *input_);

  SectionStream section(*input_, begin, member.compressed);
  std::optional<InflateStream> inflated;
  if (member.deflated) inflated.emplace(section, InflateStream::Frame::none);
  ChecksumStream stream(member.deflated ? static_cast<Stream&>(*inflated) : section);
  Array array = read_npy(stream);
  if (stream.count() != member.size)
    refuse(fmt::format("{} bytes in '{}'", member.size, name), fmt::format("{}", stream.count()), *input_);
  if (stream.checksum() != member.checksum) {
    refuse(fmt::format("CRC-32 {:08x} of '{}'", member.checksum, name),
           fmt::format("{:08x}", stream.checksum()), *input_);
  }
  return array;
}

std::map<std::string, Array> read_npz(const std::filesystem::path& path) {
  const Npz npz(path);
  std::map<std::string, Array> arrays;
  for (const std::string& name : npz.names()) arrays.emplace(name, npz.read(name));
  return arrays;
}

}  // namespace isthmus::io
