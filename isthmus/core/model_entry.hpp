#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "isthmus/core/menu.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/core/settings.hpp"

namespace isthmus {

/// One line of the menu of models: made by CMake from models/NAME.hpp, which holds `paper`, `summary`, Config
/// and Model.
struct ModelEntry {
  std::string_view name;
  std::string_view summary;
  Paper paper;
  Settings defaults;
  /// Throws Error when the model cannot take data of this shape. `noise` draws the first weights.
  std::function<std::shared_ptr<Model>(const Settings&, const DataSpec&, Noise noise)> build;
};

template <Configurable Config, class M>
ModelEntry model_entry(std::string_view name, std::string_view summary, const Paper& paper) {
  return {name, summary, paper, Settings(Config{}),
          [](const Settings& settings, const DataSpec& data, Noise noise) -> std::shared_ptr<Model> {
            return std::make_shared<M>(settings.as<Config>(), data, noise);
          }};
}

namespace models {
using Entry = ModelEntry;
const Menu<Entry>& menu();
}  // namespace models

}  // namespace isthmus
