#include "isthmus/core/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/text.hpp"

namespace isthmus {
namespace {

UsageError misfit(std::string_view path, std::string_view what, const Bound& bound, std::string_view text) {
  return UsageError({.who = path,
                     .expected = fmt::format("{}{}{}", what, bound.text.empty() ? "" : " ", bound.text),
                     .got = fmt::format("'{}'", text)});
}

template <class T>
T number(std::string_view path, std::string_view what, std::string_view text, const Bound& bound) {
  T value{};
  const std::string_view digits = trim(text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  const auto real = static_cast<double>(value);
  if (!whole || !std::isfinite(real) || !bound.holds(real)) throw misfit(path, what, bound, text);
  return value;
}

}  // namespace

void parse(std::string_view path, std::string_view text, const Bound&, bool& value) {
  if (text == "true" || text == "1" || text == "yes" || text == "on")
    value = true;
  else if (text == "false" || text == "0" || text == "no" || text == "off")
    value = false;
  else
    throw misfit(path, "true or false", anything, text);
}

void parse(std::string_view path, std::string_view text, const Bound& bound, int64_t& value) {
  value = number<int64_t>(path, "an integer", text, bound);
}

void parse(std::string_view path, std::string_view text, const Bound& bound, double& value) {
  value = number<double>(path, "a number", text, bound);
}

void parse(std::string_view, std::string_view text, const Bound&, std::string& value) {
  value = text;
}

void parse(std::string_view path, std::string_view text, const Bound& bound, std::vector<int64_t>& value) {
  std::string_view rest = trim(text);
  if (rest.size() >= 2 && rest.front() == '[' && rest.back() == ']')
    rest = trim(rest.substr(1, rest.size() - 2));
  std::vector<int64_t> parsed;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string what = fmt::format("integers like 400,400 in '{}', each", text);
    parsed.push_back(number<int64_t>(path, what, rest.substr(0, comma), bound));
    rest = comma == std::string_view::npos ? std::string_view{} : trim(rest.substr(comma + 1));
  }
  value = std::move(parsed);
}

void parse(std::string_view path, std::string_view text, const Bound& bound, Schedule& value) {
  Schedule parsed = Schedule::parse(text);
  if (!bound.holds(parsed.least()) || !bound.holds(parsed.greatest()))
    throw misfit(path, "a number, or a schedule of numbers,", bound, text);
  value = std::move(parsed);
}

size_t parse_choice(std::string_view path, std::string_view text, const std::vector<std::string>& choices) {
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end()) {
    const std::string close = nearest(text, choices);
    throw UsageError({.who = path,
                      .expected = fmt::format("one of {}", fmt::join(choices, ", ")),
                      .got = fmt::format("'{}'", text),
                      .hint = close.empty() ? "" : fmt::format("'{}'", close)});
  }
  return static_cast<size_t>(found - choices.begin());
}

std::string to_text(bool value) {
  return value ? "true" : "false";
}
std::string to_text(int64_t value) {
  return fmt::format("{}", value);
}
std::string to_text(double value) {
  return fmt::format("{}", value);
}
std::string to_text(const std::string& value) {
  return value;
}
std::string to_text(const std::vector<int64_t>& value) {
  return fmt::format("{}", fmt::join(value, ","));
}
std::string to_text(const Schedule& value) {
  return value.text();
}

bool Settings::has(std::string_view path) const {
  const auto lines = list();
  return std::any_of(lines.begin(), lines.end(), [&](const Setting& line) { return line.path == path; });
}

void Settings::set(std::string_view path, std::string_view text) {
  if (held_->set(prefix_, path, text)) return;
  std::vector<std::string> known;
  for (const Setting& line : list()) known.push_back(line.path);
  throw unknown_name("settings", "setting", path, known);
}

std::string Settings::get(std::string_view path) const {
  std::vector<std::string> known;
  for (const Setting& line : list()) {
    if (line.path == path) return line.value;
    known.push_back(line.path);
  }
  throw unknown_name("settings", "setting", path, known);
}

}  // namespace isthmus
