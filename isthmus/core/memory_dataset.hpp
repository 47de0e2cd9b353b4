#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/dataset.hpp"
#include "isthmus/io/array.hpp"

namespace isthmus {

/// Examples that lie in memory, as bytes or as floats.
class MemoryDataset final : public Dataset {
 public:
  struct Contents {
    Shape shape;          ///< of one example
    io::Array values;     ///< u8 or f32; count × elements(shape), whatever its own shape says
    int64_t white = 255;  ///< the byte that becomes 1
    std::vector<int64_t> labels = {};
    std::vector<std::string> class_names = {};
    std::vector<Factor> factors = {};
    std::vector<int64_t> factor_values = {};  ///< count × factors.size()
    std::vector<std::string> files = {};      ///< of each example, where it is one
  };

  /// Throws Error, as `who`, when the parts disagree in number, a label has no class, a value is not finite
  /// or the values are of another type.
  MemoryDataset(std::string_view who, Contents contents);

  int64_t size() const override { return size_; }
  const Shape& shape() const override { return contents_.shape; }
  void gather(std::span<const int64_t> rows, std::span<float> out) const override;
  std::span<const int64_t> labels() const override { return contents_.labels; }
  std::vector<std::string> class_names() const override { return contents_.class_names; }
  std::vector<Factor> factors() const override { return contents_.factors; }
  std::vector<int64_t> factor_values(int64_t row) const override;
  std::string file_of(int64_t row) const override;
  bool binary() const override { return binary_; }
  bool within_unit() const override { return within_unit_; }

 private:
  Contents contents_;
  int64_t size_ = 0;
  bool binary_ = true;
  bool within_unit_ = true;
};

/// `whole` with every pixel made 0 or 1 for good. `binarise` is threshold or static_; under static_ a pixel
/// depends on `which`, its example's place in `whole` and its own place alone.
std::shared_ptr<const Dataset> binarised(const Dataset& whole, Binarise binarise, int64_t which);

}  // namespace isthmus
