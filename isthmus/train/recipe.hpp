#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/dataset.hpp"
#include "isthmus/core/model_entry.hpp"
#include "isthmus/core/settings.hpp"
#include "isthmus/train/fit_config.hpp"

namespace isthmus::train {

enum class Device { cpu, cuda };

/// The words that belong to no room: `--seed`, `--threads`, `--device`.
struct RunConfig {
  int64_t seed = 0;
  int64_t threads = 0;
  Device device = Device::cpu;

  static constexpr auto fields() {
    return std::tuple{
        field<&RunConfig::seed>("all noise follows from it", non_negative),
        field<&RunConfig::threads>("processor cores to use; 0 takes all", non_negative),
        field<&RunConfig::device>("where to compute"),
    };
  }
};

/// A number that `isthmus reproduce` holds a trained model against.
struct Expectation {
  std::string metric = {};  ///< "nll", or a further figure of it: "nll.effective_sample_size"
  Split split = Split::test;
  std::optional<double> value = {};  ///< with `within`: |reached − value| <= within
  double within = 0;
  std::optional<double> at_least = {};
  std::optional<double> at_most = {};
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< of the metric: {"draws", "5000"}
  std::string source = {};                                         ///< where the number comes from
  std::string measured = {};  ///< what was reached here: "236.86 ± 0.76 (se), one seed"

  bool met(double reached) const;
  std::string text() const;  ///< "237.15 ± 0.7", "at most 12.4"
};

/// All that one training needs: a model, its data, its training, and the numbers to expect. As a file (TOML):
///
///     title = "VAE, Fashion-MNIST"
///     time = "2 min on 2 cores"
///     model = "vae"
///     dataset = "fashion_mnist"
///     seed = 1
///     [vae]
///     latent = 50
///     backbone.hidden = [200, 200]
///     [data]
///     binarise = "dynamic"
///     [fit]
///     steps = 24000
///     [expect.nll]
///     value = 237.15
///     within = 0.7
///     settings.draws = 5000
///     source = "…"
///     measured = "236.86 ± 0.76 (se), one seed"
class Recipe {
 public:
  /// All settings at their defaults. Throws UsageError when a name is unknown.
  Recipe(std::string_view model, std::string_view dataset);

  /// Throws UsageError when the file is no TOML, or a name or value in it is wrong; Error when it cannot be
  /// read.
  static Recipe read(const std::filesystem::path& path);
  static Recipe parse(std::string_view toml, std::string_view who);

  /// Every setting, resolved: reading it gives this recipe again.
  std::string toml() const;

  /// Sets one word of the command line: "latent", "backbone.hidden", "fit.steps", "data.binarise", "seed".
  /// Steps replace the recipe's epochs. Throws UsageError for an unknown word (the nearest is offered) or a
  /// value out of range.
  void set(std::string_view path, std::string_view text);

  /// Every setting with its help, in groups: the model's own, data, fit, run.
  struct Group {
    std::string title;
    std::vector<Setting> settings;
  };
  std::vector<Group> groups() const;

  const ModelEntry& model() const { return *model_; }
  const DatasetEntry& dataset() const { return *dataset_; }
  const Settings& model_settings() const { return model_settings_; }
  const DataConfig& data() const { return data_.as<DataConfig>(); }
  const FitConfig& fit() const { return fit_.as<FitConfig>(); }
  const RunConfig& run() const { return run_.as<RunConfig>(); }
  const std::string& title() const { return title_; }
  const std::string& time() const { return time_; }

  std::vector<Expectation> expectations;  ///< in the order of the file

 private:
  const ModelEntry* model_;
  const DatasetEntry* dataset_;
  std::string title_;  // what the recipe is for, one line
  std::string time_;   // how long it takes and on what, in words; may be empty
  Settings model_settings_;
  Settings data_{DataConfig{}, "data"};
  Settings fit_{FitConfig{}, "fit"};
  Settings run_{RunConfig{}};
};

}  // namespace isthmus::train
