#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <new>

#include <fmt/format.h>
#include <zlib.h>

#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/npy.hpp"
#include "isthmus/io/npz.hpp"
#include "isthmus/io/zip.hpp"

namespace isthmus::io {
namespace {

using namespace zip;

constexpr std::string_view who = "npz";

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
    const std::string name = plain_name + std::string(npy_suffix);
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
