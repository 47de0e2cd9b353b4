#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "isthmus/io/array.hpp"
#include "isthmus/io/input.hpp"

namespace isthmus::io {

/// numpy's archives: a zip file (APPNOTE 6.3, zip64 included) whose members `NAME.npy` are stored or
/// deflated. Opening reads the directory only; each array is read when it is asked for. Members that are not
/// .npy are passed over.
class Npz {
 public:
  /// Throws Error when the file is no zip archive, or its directory is damaged.
  explicit Npz(const std::filesystem::path& path);
  explicit Npz(std::unique_ptr<const Input> input);

  /// Without ".npy", sorted.
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const { return members_.contains(name); }

  /// Throws Error when there is no such array (and names the nearest), or it is damaged: sizes and checksum
  /// are compared.
  Array read(const std::string& name) const;

 private:
  struct Member {
    uint64_t offset;      // of its local header
    uint64_t compressed;  // bytes in the archive
    uint64_t size;        // bytes of the .npy file
    uint32_t checksum;    // CRC-32 of the .npy file
    bool deflated;
  };

  void read_directory();

  std::unique_ptr<const Input> input_;
  std::map<std::string, Member> members_;
};

/// Every array of an archive.
std::map<std::string, Array> read_npz(const std::filesystem::path& path);

enum class Compression { stored, deflated };

/// Writes an archive whole or not at all; the same arrays give the same bytes. Throws Error for a dtype that
/// numpy lacks, and for an archive of 4 GiB or more.
void write_npz(const std::filesystem::path& path, const std::map<std::string, ArrayView>& arrays,
               Compression compression = Compression::stored);

}  // namespace isthmus::io
