#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "isthmus/core/paper.hpp"
#include "isthmus/report/curves.hpp"

namespace isthmus::report {

/// A headline: "nll", 237.15 ± 0.21 nats, and what that means in a sentence.
struct Figure {
  std::string name;
  double value;
  std::optional<double> standard_error = {};
  std::string unit = {};
  std::string explanation = {};
  std::vector<std::pair<std::string, double>> more = {};  ///< further figures, shown small
};

struct Picture {
  std::string name;
  std::string caption;
  std::vector<std::byte> png;
};

struct SettingLine {
  std::string group;  ///< "model", "fit", "data"
  std::string path;
  std::string value;
  std::string help;
};

struct Facts {
  double seconds = 0;              ///< of training
  double examples_per_second = 0;  ///< mean over the training
  int64_t steps = 0;
  int64_t parameters = 0;
  int64_t threads = 0;
  std::string device = {};                                     ///< "cpu"
  std::string version = {};                                    ///< of isthmus
  std::vector<std::pair<std::string, std::string>> more = {};  ///< further lines of the footer, by name
};

struct ReportInput {
  std::string name = {};     ///< of the run
  std::string model = {};    ///< its word on the command line
  std::string summary = {};  ///< the model in a phrase
  Paper paper = {};
  std::string dataset = {};
  std::string dataset_summary = {};
  std::string split = {};  ///< that the figures are of
  std::vector<Figure> figures = {};
  std::vector<Picture> pictures = {};
  std::vector<Series> curves = {};
  std::vector<SettingLine> settings = {};
  std::string command = {};  ///< the words that train this again; empty hides the box
  Facts facts = {};
  std::vector<std::string> warnings = {};
};

/// One self-contained page: styles, script, curves and pictures are inside, nothing is fetched. All of the
/// input is text, none of it HTML. What is empty has no section. A picture named "curves" is left out where
/// the page's own charts show the same.
std::string html(const ReportInput& input);

}  // namespace isthmus::report
