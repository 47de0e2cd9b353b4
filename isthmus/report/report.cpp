#include "isthmus/report/report.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "isthmus/io/base64.hpp"
#include "isthmus/report/text.hpp"

namespace isthmus::report {

extern const std::string_view page_html;
extern const std::string_view page_css;
extern const std::string_view page_js;

namespace {

/// Replaces every {{name}} of the page. One pass: braces in what is filled in stay as they are.
std::string fill(std::string_view page, const std::map<std::string_view, std::string>& parts) {
  std::string out;
  while (true) {
    const size_t open = page.find("{{");
    out += page.substr(0, open);
    if (open == std::string_view::npos) return out;
    const size_t close = page.find("}}", open);
    out += parts.at(page.substr(open + 2, close - open - 2));
    page.remove_prefix(close + 2);
  }
}

/// The series, as may stand in a script element: no '<' can end it early.
std::string data(const std::vector<Series>& curves) {
  auto all = nlohmann::ordered_json::array();
  for (const Series& series : curves)
    all.push_back({{"name", series.name}, {"split", series.split}, {"points", series.points}});
  const std::string text =
      nlohmann::ordered_json{{"curves", all}}.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::string safe;
  for (const char letter : text) letter == '<' ? safe += "\\u003c" : safe += letter;
  return safe;
}

std::string paper_link(const Paper& paper) {
  if (paper.title.empty()) return {};
  const std::string words =
      fmt::format("{} {}, <cite>{}</cite>", escape(paper.authors), paper.year, escape(paper.title));
  const bool web = paper.url.starts_with("https://") || paper.url.starts_with("http://");
  return web ? fmt::format(" (<a href=\"{}\">{}</a>)", escape(paper.url), words)
             : fmt::format(" ({})", words);
}

std::string summary(const ReportInput& input) {
  std::string text = fmt::format("<b>{}</b>", escape(input.model));
  if (!input.summary.empty()) text += fmt::format(", {}", escape(input.summary));
  text += paper_link(input.paper) + fmt::format(", trained on <b>{}</b>", escape(input.dataset));
  if (!input.dataset_summary.empty()) text += fmt::format(" ({})", escape(input.dataset_summary));
  const Facts& facts = input.facts;
  if (facts.steps > 0) text += fmt::format(" for {} steps", grouped(facts.steps));
  if (facts.seconds > 0) text += fmt::format(" in {}", duration(facts.seconds));
  text += ".";
  if (!input.split.empty() && !input.figures.empty())
    text += fmt::format(" Its figures are of the {} split.", escape(input.split));
  return text;
}

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string list(const Lines& lines) {
  std::string text;
  for (const auto& [name, value] : lines)
    text += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value));
  return text;
}

std::string facts(const Facts& facts) {
  Lines lines;
  if (facts.steps > 0) lines.emplace_back("steps", grouped(facts.steps));
  if (facts.seconds > 0) lines.emplace_back("training time", duration(facts.seconds));
  if (facts.examples_per_second > 0)
    lines.emplace_back("examples a second", grouped(std::llround(facts.examples_per_second)));
  if (facts.parameters > 0) lines.emplace_back("parameters", grouped(facts.parameters));
  return lines.empty() ? "" : "<dl class=\"facts\">" + list(lines) + "</dl>";
}

std::string footer(const Facts& facts) {
  Lines lines;
  if (!facts.version.empty()) lines.emplace_back("isthmus", facts.version);
  if (!facts.device.empty()) lines.emplace_back("device", facts.device);
  if (facts.threads > 0) lines.emplace_back("threads", grouped(facts.threads));
  lines.insert(lines.end(), facts.more.begin(), facts.more.end());
  return "<dl>" + list(lines) + "</dl>";
}

std::string warnings(const std::vector<std::string>& all) {
  if (all.empty()) return {};
  std::string items;
  for (const std::string& one : all) items += fmt::format("<li>{}</li>", escape(one));
  return fmt::format(
      "<aside class=\"warnings\" role=\"note\"><strong>Before you quote these "
      "figures</strong><ul>{}</ul></aside>\n",
      items);
}

std::string spaced(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

std::string card(const Figure& figure) {
  std::string value = rounded(figure.value, figure.standard_error);
  std::string small;
  if (figure.standard_error) small += " ± " + rounded(*figure.standard_error, figure.standard_error);
  if (!figure.unit.empty()) small += " " + escape(figure.unit);
  std::string text =
      fmt::format("<article class=\"card figure\"><h3>{}</h3><p class=\"value\">{}<small>{}</small></p>",
                  escape(figure.name), value, small);
  if (!figure.explanation.empty()) text += fmt::format("<p>{}</p>", escape(figure.explanation));
  if (!figure.more.empty()) {
    text += "<dl>";
    for (const auto& [name, more] : figure.more)
      text += fmt::format("<dt>{}</dt><dd>{}</dd>", escape(spaced(name)), rounded(more, std::nullopt));
    text += "</dl>";
  }
  return text + "</article>\n";
}

std::string figures(const ReportInput& input) {
  std::string cards;
  bool errors = false;
  for (const Figure& figure : input.figures) {
    cards += card(figure);
    errors = errors || figure.standard_error;
  }
  return fmt::format("<h2>Figures</h2><p class=\"note\">{}</p><div class=\"cards\">{}</div>",
                     errors
                         ? "± is one standard error: how far the figure would wander with other examples and "
                           "other draws."
                         : "",
                     cards);
}

constexpr std::string_view training =
    "<div class=\"head\"><div><h2>Training</h2><p class=\"note\">Point at a chart, or use the arrow keys, to "
    "read "
    "the values of a step. Faint: as logged; bold: running mean.</p></div><div class=\"controls\">"
    "<div class=\"switch\" role=\"group\" aria-label=\"Scale of the steps\"><span>steps</span>"
    "<button data-key=\"log\" data-value=\"false\" aria-pressed=\"true\">linear</button>"
    "<button data-key=\"log\" data-value=\"true\" aria-pressed=\"false\">log</button></div>"
    "<div class=\"switch\" role=\"group\" aria-label=\"Range of the values\"><span>values</span>"
    "<button data-key=\"whole\" data-value=\"false\" aria-pressed=\"true\">settled</button>"
    "<button data-key=\"whole\" data-value=\"true\" aria-pressed=\"false\">all</button></div></div></div>"
    "<div id=\"charts\" class=\"charts\"></div>"
    "<noscript><p class=\"note\">The charts are drawn by a script inside this page; it is turned "
    "off.</p></noscript>";

/// Width and height stand in a PNG's first chunk; they keep the page from jumping while it loads.
std::string size_of(const std::vector<std::byte>& png) {
  if (png.size() < 24) return {};
  const auto number = [&](size_t at) {
    int64_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value * 256 + std::to_integer<int64_t>(png[i]);
    return value;
  };
  return fmt::format(" width=\"{}\" height=\"{}\"", number(16), number(20));
}

std::string pictures(const std::vector<Picture>& all) {
  std::string text =
      "<h2>Pictures</h2><p class=\"note\">Click one to see it in full.</p><div class=\"gallery\">";
  for (const Picture& picture : all) {
    const std::string alt = picture.caption.empty() ? picture.name : picture.name + ": " + picture.caption;
    text += fmt::format(
        "<figure class=\"card picture\"><button type=\"button\" data-name=\"{0}\" aria-label=\"Enlarge {0}\">"
        "<img alt=\"{1}\"{2} "
        "src=\"data:image/png;base64,{3}\"></button><figcaption><h3>{0}</h3>{4}</figcaption></figure>\n",
        escape(picture.name), escape(alt), size_of(picture.png), io::base64(picture.png),
        escape(picture.caption));
  }
  return text + "</div>";
}

std::string settings(const ReportInput& input) {
  std::string text =
      "<h2>Settings</h2><p class=\"note\">All that this run depends on: the same settings on the same "
      "data give the same run.</p>";
  if (!input.command.empty())
    text += fmt::format(
        "<div class=\"card command\"><pre><code>{}</code></pre><button type=\"button\" "
        "class=\"button\">Copy</button></div>",
        escape(input.command));
  if (input.settings.empty()) return text;
  std::string rows;
  std::string_view group;
  for (const SettingLine& line : input.settings) {
    if (line.group != group)
      rows += fmt::format("<tr><th colspan=\"3\" scope=\"rowgroup\">{}</th></tr>", escape(line.group));
    group = line.group;
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", escape(line.path),
                        line.value.empty() ? "—" : escape(line.value), escape(line.help));
  }
  return text + fmt::format(
                    "<details class=\"card\"><summary>All settings<span>{}</span></summary>"
                    "<div class=\"table\"><table><tbody>{}</tbody></table></div></details>",
                    input.settings.size(), rows);
}

}  // namespace

std::string html(const ReportInput& input) {
  std::string navigation;
  std::string sections = warnings(input.warnings);
  const auto add = [&](bool present, std::string_view id, std::string_view title, const std::string& inside) {
    if (!present) return;
    navigation += fmt::format("<a href=\"#{}\">{}</a>", id, title);
    sections += fmt::format("<section id=\"{}\">{}</section>\n", id, inside);
  };
  add(!input.figures.empty(), "figures", "Figures", figures(input));
  add(!input.curves.empty(), "training", "Training", std::string(training));
  std::vector<Picture> shown = input.pictures;
  if (!input.curves.empty()) std::erase_if(shown, [](const Picture& one) { return one.name == "curves"; });
  add(!shown.empty(), "pictures", "Pictures", pictures(shown));
  add(!input.settings.empty() || !input.command.empty(), "settings", "Settings", settings(input));
  return fill(page_html, {{"version", escape(input.facts.version)},
                          {"name", escape(input.name)},
                          {"model", escape(input.model)},
                          {"dataset", escape(input.dataset)},
                          {"summary", summary(input)},
                          {"facts", facts(input.facts)},
                          {"navigation", navigation},
                          {"sections", sections},
                          {"footer", footer(input.facts)},
                          {"data", data(input.curves)},
                          {"style", std::string(page_css)},
                          {"script", std::string(page_js)}});
}

}  // namespace isthmus::report
