#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/menu.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/core/settings.hpp"

namespace isthmus {

enum class Split { train, validation, test };

/// What becomes of grey pixels. `dynamic` draws every pixel anew, 1 with probability its grey, each time an
/// example is used; `static` draws once an example, for good; `threshold` is 1 from one half on.
enum class Binarise { none, threshold, static_, dynamic };

/// The `--data.*` words, shared by all data sets.
struct DataConfig {
  std::string path = {};
  Binarise binarise = Binarise::none;
  int64_t size = 0;
  int64_t limit = 0;
  double validation = 0.05;
  double test = 0.1;
  int64_t without_class = -1;

  static constexpr auto fields() {
    return std::tuple{
        field<&DataConfig::path>(
            "file or folder of the data; empty looks in $ISTHMUS_DATA, ~/.local/share/isthmus and the "
            "system's folders"),
        field<&DataConfig::binarise>(
            "grey to 0 or 1: dynamic draws anew at each use, static once, threshold at 0.5"),
        field<&DataConfig::size>("side of the images, where the data set can scale them; 0 keeps its own",
                                 non_negative),
        field<&DataConfig::limit>("at most so many examples of each split; 0 takes all", non_negative),
        field<&DataConfig::validation>("share of the training examples held out to watch the training",
                                       below_one),
        field<&DataConfig::test>("share held out as test split, where the data set has none of its own",
                                 below_one),
        field<&DataConfig::without_class>("class that no training or validation example may have, to be "
                                          "found as an anomaly: the test split keeps it; -1 leaves none out",
                                          Bound{.least = -1, .text = "of -1 or more"}),
    };
  }
};

/// Examples in a fixed order. Immutable, and safe to read from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual const Shape& shape() const = 0;

  /// Writes examples `rows` one after the other to `out` (rows.size() × elements(shape()) floats; pixels from
  /// 0 to 1).
  virtual void gather(std::span<const int64_t> rows, std::span<float> out) const = 0;

  /// Class of each example; empty when there are none.
  virtual std::span<const int64_t> labels() const { return {}; }
  virtual std::vector<std::string> class_names() const { return {}; }

  /// Generative factors (dSprites and kin): names, number of values of each, and the values of one example.
  struct Factor {
    std::string name;
    int64_t values;
  };
  virtual std::vector<Factor> factors() const { return {}; }
  virtual std::vector<int64_t> factor_values(int64_t /*row*/) const { return {}; }

  /// Whether every value is 0 or 1 as it stands.
  virtual bool binary() const { return false; }

  /// Whether every value lies from 0 to 1: only then is it a probability that can be drawn from.
  virtual bool within_unit() const { return true; }

  /// The place of example `row` in the data set as it came, before a split was cut from it.
  virtual int64_t original_row(int64_t row) const { return row; }

  /// The file that example `row` is, where each is one of its own; else empty.
  virtual std::string file_of(int64_t /*row*/) const { return {}; }
};

/// The rows of a split in the order in which the data set has them: splits are shuffled.
std::vector<int64_t> original_order(const Dataset& split);

/// What a data set hands out: its own splits, or one whole that is split by `--data.test`.
struct Source {
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> test = nullptr;
};

/// Data to hold a model of others against: without a test split of their own, all of them are it.
Source as_one_whole(Source source);

/// The three splits of a data set, cut, limited and binarised as its DataConfig says.
struct Data {
  std::string name;
  DataConfig config;
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> validation;  // may hold 0 examples
  std::shared_ptr<const Dataset> test;

  const Dataset& split(Split which) const;
  /// By their names, or where they have none by the greatest label; 0 without labels.
  int64_t classes() const;
  /// Shape, classes, and the mean over (at most 10,000 of) the training examples.
  DataSpec spec() const;
};

/// One line of the menu of data sets: made by CMake from datasets/NAME.hpp, which holds `summary`,
/// `how_to_get` and `Source open(const DataConfig&)`.
struct DatasetEntry {
  std::string_view name;
  std::string_view summary;
  std::string_view how_to_get;
  std::function<Source(const DataConfig&)> open;
};

/// Opens a data set by name and cuts it. Throws UsageError (unknown name) or Error (absent, damaged).
Data load_data(std::string_view name, const DataConfig& config);

/// Cuts, limits and binarises (threshold and static: for good, here). Without a test split of its own, the
/// set gives the share `config.test`; `config.validation` is a share of what remains. Both are cut from the
/// end of one fixed order, and `limit` keeps the front of each split, so a smaller limit is a subset of a
/// larger. A test split that is not cut or limited keeps the set's own order. Nothing depends on the
/// training's seed: runs with different seeds are compared on the same data. `without_class` is left out of
/// the training and validation examples after the cut. Throws UsageError when no training example is left,
/// there is no such class, or values outside of [0, 1] are to be binarised.
Data cut(std::string name, const Source& source, const DataConfig& config);

/// x and labels of the given rows of a split. Under dynamic binarisation row i of the batch takes row i of
/// `noise`, so the caller chooses what a draw belongs to: the place in the batch when it trains; the example
/// itself when it evaluates (rows that follow each other from `first` on, with a Noise whose first_row is
/// `first`), alike whatever the batches are. The other kinds of binarisation have nothing left to do here.
Batch gather(const Dataset& split, Binarise binarise, std::span<const int64_t> rows, Noise noise);

/// The same into `batch`, whose tensors are filled again when they fit and nobody else holds them.
void gather_into(Batch& batch, const Dataset& split, Binarise binarise, std::span<const int64_t> rows,
                 Noise noise);

namespace datasets {
using Entry = DatasetEntry;
const Menu<Entry>& menu();
}  // namespace datasets

}  // namespace isthmus
