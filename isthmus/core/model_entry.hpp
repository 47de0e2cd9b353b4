#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "isthmus/core/menu.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/core/settings.hpp"

namespace isthmus {

/// One line of the menu of models: made by CMake from models/NAME.hpp, which holds all of it. `idea` and
/// `equation` stand on the model's page in docs/models.
struct ModelEntry {
  std::string_view name;
  std::string_view summary;
  std::string_view idea;      ///< one paragraph, plain text, for who meets the model for the first time
  std::string_view equation;  ///< the loss in LaTeX, without dollars; it or `idea` says what its symbols are
  Paper paper;
  bool layerwise;  ///< whether its layers can be trained one by one (Layerwise)
  Settings defaults;
  /// Throws Error when the model cannot take data of this shape. `noise` draws the first weights.
  std::function<std::shared_ptr<Model>(const Settings&, const DataSpec&, Noise noise)> build;
};

template <Configurable Config, class M>
std::shared_ptr<Model> build_model(const Settings& settings, const DataSpec& data, Noise noise) {
  return std::make_shared<M>(settings.as<Config>(), data, noise);
}

namespace models {
using Entry = ModelEntry;
const Menu<Entry>& menu();
}  // namespace models

}  // namespace isthmus
