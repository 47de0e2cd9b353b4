#include "isthmus/io/npz.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <optional>

#include <fmt/format.h>
#include <zlib.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/io/stream.hpp"

namespace isthmus::io {
namespace {

constexpr std::string_view who = "npz";
constexpr std::string_view suffix = ".npy";

constexpr uint32_t local_signature = 0x04034b50;
constexpr uint32_t member_signature = 0x02014b50;
constexpr uint32_t end_signature = 0x06054b50;
constexpr uint32_t end64_signature = 0x06064b50;
constexpr uint32_t locator64_signature = 0x07064b50;
constexpr size_t local_size = 30;
constexpr size_t member_size = 46;
constexpr size_t end_size = 22;
constexpr size_t end64_size = 56;
constexpr size_t locator64_size = 20;
constexpr uint16_t stored_method = 0;
constexpr uint16_t deflated_method = 8;
constexpr uint16_t zip64_extra = 0x0001;
constexpr uint32_t in_zip64 = 0xffffffff;  // "look in the zip64 record"

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

/// CRC-32 of all bytes so far and these. (zlib starts anew when it is handed the null pointer of an empty
/// span.)
uint32_t extend_checksum(uint32_t checksum, std::span<const std::byte> bytes) {
  if (bytes.empty()) return checksum;
  return static_cast<uint32_t>(crc32_z(checksum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
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

/// Deflates the header and data of one member, without a frame.
std::string deflated(std::string_view header, std::span<const std::byte> data) {
  z_stream state{};
  constexpr int memory_level = 8;
  if (deflateInit2(&state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, memory_level, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&state, deflateEnd);
  std::string result;
  std::array<char, 1 << 16> buffer;
  const auto feed = [&](std::span<const std::byte> bytes, int flush) {
    do {
      const size_t count = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max());
      state.next_in = reinterpret_cast<Bytef*>(
          const_cast<std::byte*>(bytes.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
      state.avail_in = static_cast<uInt>(count);
      bytes = bytes.subspan(count);
      do {
        state.next_out = reinterpret_cast<Bytef*>(buffer.data());
        state.avail_out = static_cast<uInt>(buffer.size());
        deflate(&state, bytes.empty() ? flush : Z_NO_FLUSH);
        result.append(buffer.data(), buffer.size() - state.avail_out);
      } while (state.avail_out == 0);
    } while (!bytes.empty());
  };
  feed(as_bytes(header), Z_NO_FLUSH);
  feed(data, Z_FINISH);
  return result;
}

/// The fields that the local header of a member and its entry in the directory have in common.
std::string common_fields(const std::string& name, Compression compression, uint32_t checksum,
                          uint64_t compressed, uint64_t size) {
  constexpr uint16_t version_needed = 20;  // 2.0: deflate
  constexpr uint16_t utf8_names = 1 << 11;
  constexpr uint32_t first_of_1980 = 0x00210000;  // no clock: the same arrays give the same bytes
  std::string fields;
  append_little(fields, version_needed);
  append_little(fields, utf8_names);
  append_little(fields, compression == Compression::stored ? stored_method : deflated_method);
  append_little(fields, first_of_1980);
  append_little(fields, checksum);
  append_little(fields, static_cast<uint32_t>(compressed));
  append_little(fields, static_cast<uint32_t>(size));
  append_little(fields, static_cast<uint16_t>(name.size()));
  append_little(fields, uint16_t{0});  // no extra fields
  return fields;
}

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

    if (!name.ends_with(suffix)) continue;
    name.resize(name.size() - suffix.size());
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

void write_npz(const std::filesystem::path& path, const std::map<std::string, ArrayView>& arrays,
               Compression compression) {
  AtomicFile file(path);
  uint64_t offset = 0;
  std::string directory;
  const auto check_size = [&] {
    if (offset + directory.size() < in_zip64) return;
    throw Error({.who = who,
                 .expected = "an archive under 4 GiB",
                 .got = fmt::format("{} bytes so far", offset + directory.size()),
                 .hint = "one .npy file an array"});
  };
  constexpr size_t most_members = 0xfffe;
  if (arrays.size() > most_members)
    throw Error({.who = who, .expected = "at most 65534 arrays", .got = fmt::format("{}", arrays.size())});
  for (const auto& [plain_name, array] : arrays) {
    const std::string name = plain_name + std::string(suffix);
    if (name.size() > 0xffff)
      throw Error({.who = who, .expected = "names under 65536 bytes", .got = "a longer one"});
    const std::string header = npy_header(array);
    const uint32_t checksum = extend_checksum(extend_checksum(0, as_bytes(header)), array.data);
    const uint64_t size = header.size() + array.data.size();
    std::string packed;
    if (compression == Compression::deflated) packed = deflated(header, array.data);
    const uint64_t compressed = compression == Compression::deflated ? packed.size() : size;
    const std::string fields = common_fields(name, compression, checksum, compressed, size);

    const uint64_t member_offset = offset;
    offset += local_size + name.size() + std::max(compressed, size);
    check_size();
    offset = member_offset + local_size + name.size() + compressed;
    std::string local;
    append_little(local, local_signature);
    file.write(local + fields + name);
    if (compression == Compression::deflated) {
      file.write(packed);
    } else {
      file.write(header);
      file.write(array.data);
    }
    append_little(directory, member_signature);
    append_little(directory, uint16_t{20});  // made by version 2.0
    directory += fields;
    directory.append(10, '\0');  // no comment, first disk, no attributes
    append_little(directory, static_cast<uint32_t>(member_offset));
    directory += name;
  }
  check_size();
  const auto count = static_cast<uint16_t>(arrays.size());
  std::string end;
  append_little(end, end_signature);
  append_little(end, uint32_t{0});  // one disk
  append_little(end, count);
  append_little(end, count);
  append_little(end, static_cast<uint32_t>(directory.size()));
  append_little(end, static_cast<uint32_t>(offset));
  append_little(end, uint16_t{0});  // no comment
  file.write(directory);
  file.write(end);
  file.commit();
}

}  // namespace isthmus::io
