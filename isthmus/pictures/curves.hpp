#pragma once

#include <algorithm>

#include "isthmus/canvas/line_chart.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/subject.hpp"
#include "isthmus/report/curves.hpp"

namespace isthmus::pictures::curves {

inline constexpr std::string_view summary =
    "the loss, its terms and the validation measures over the steps of the training";

struct Config {
  int64_t columns = 2;
  int64_t scale = 2;
  bool whole = false;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::columns>("charts in a row", positive),
        field<&Config::scale>("pixels a point of 1/96 inch", positive),
        field<&Config::whole>(
            "show the first twentieth of the steps in full, however far it lies from the rest"),
    };
  }
};

inline std::optional<std::string> why_not(const Subject& subject) {
  if (subject.run.empty())
    return "the model was not read from the folder of a training, which keeps the curves; name that folder";
  if (!std::filesystem::exists(subject.run / "metrics.jsonl"))
    return "the folder holds no metrics.jsonl, which a training writes as it goes; train again, or copy it "
           "there";
  return std::nullopt;
}

/// All series of one name, to be drawn in one chart.
inline canvas::LineChart chart_of(const std::string& name, const std::vector<report::Series>& all,
                                  bool whole) {
  double last_step = 0;
  for (const report::Series& series : all)
    if (series.name == name) last_step = std::max(last_step, series.points.back().first);
  canvas::LineChart chart{{name, "step", ""}, {}, {0, std::max(last_step, 1.0)}, {0, 1}};
  std::vector<double> settled, every;
  for (const report::Series& series : all) {
    if (series.name != name) continue;
    const bool train = series.split == "train";
    chart.lines.push_back({series.split, series.points, canvas::palette[train ? 0 : 1], !train});
    for (const auto& [step, value] : series.points) {
      every.push_back(value);
      if (step >= last_step / 20) settled.push_back(value);
    }
  }
  // Two values or fewer say nothing of where the curve settles.
  chart.y = canvas::range_of(whole || settled.size() < 3 ? every : settled, 0.06);
  return chart;
}

inline io::Image draw(const Subject& subject, const Config& config) {
  const auto all = report::read_curves(subject.run / "metrics.jsonl");
  if (all.empty())
    throw Error({.who = "curves",
                 .expected = "at least one line in metrics.jsonl",
                 .got = "none",
                 .hint = "to train for some more steps"});
  std::vector<std::string> names;
  std::vector<canvas::Line> legend;
  for (const report::Series& series : all) {
    if (std::ranges::find(names, series.name) == names.end()) names.push_back(series.name);
    const bool train = series.split == "train";
    if (std::ranges::none_of(legend, [&](const canvas::Line& line) { return line.label == series.split; }))
      legend.push_back({series.split, {}, canvas::palette[train ? 0 : 1], !train});
  }
  constexpr double width = 470, height = 300, top = 30;
  const int64_t count = static_cast<int64_t>(names.size());
  const int64_t columns = std::min(config.columns, count);
  // One chart too many for whole rows: the first, the loss, takes a row of its own.
  const bool wide = columns > 1 && count % columns == 1;
  const int64_t places = wide ? count - 1 + columns : count;
  const int64_t rows = (places + columns - 1) / columns;
  canvas::Surface surface(width * static_cast<double>(columns), top + height * static_cast<double>(rows),
                          config.scale);
  canvas::draw_line_legend(surface, {surface.width() - 18, 20}, legend);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t place = wide && i > 0 ? i - 1 + columns : i;
    const int64_t row = place / columns;
    const canvas::Box box{width * static_cast<double>(place % columns),
                          top + height * static_cast<double>(row), wide && i == 0 ? surface.width() : width,
                          height};
    canvas::draw_line_chart(surface, box, chart_of(names[static_cast<size_t>(i)], all, config.whole));
  }
  return surface.image();
}

}  // namespace isthmus::pictures::curves
