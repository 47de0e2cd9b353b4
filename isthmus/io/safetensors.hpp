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

/// A file of named arrays that holds no code (https://huggingface.co/docs/safetensors): the length of a JSON
/// header in 8 bytes, the header, the arrays. Opening reads and checks the header only; each array is read
/// when it is asked for.
class Safetensors {
 public:
  struct Entry {
    DType dtype;
    std::vector<int64_t> shape;
    uint64_t begin;  // in bytes from the end of the header
    uint64_t end;
  };

  /// Throws Error unless the header is whole and describes each byte of the rest exactly once.
  explicit Safetensors(const std::filesystem::path& path);
  explicit Safetensors(std::unique_ptr<const Input> input);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  bool contains(const std::string& name) const { return entries_.contains(name); }

  /// Throws Error when there is no such array, and names the nearest.
  Array read(const std::string& name) const;
  std::map<std::string, Array> read_all() const;

 private:
  void check_layout(uint64_t data_size) const;

  std::unique_ptr<const Input> input_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
  uint64_t data_offset_ = 0;
};

/// Writes a file whole or not at all; the same arrays and metadata give the same bytes. Arrays lie by size of
/// element, largest first, then by name, so that each is aligned. Names and metadata are UTF-8. Throws Error
/// when an array's bytes do not fit its shape, or it is named "__metadata__".
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, ArrayView>& arrays,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace isthmus::io
