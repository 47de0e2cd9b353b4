#include "isthmus/core/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/text.hpp"

namespace isthmus {
namespace {

UsageError malformed(std::string_view text, std::string_view why) {
  return UsageError(
      {.who = "schedule",
       .expected = "a number, or knots like \"0:1e-3, 20000:1e-4\" (':' a straight line, '=' a jump)",
       .got = fmt::format("'{}' ({})", text, why)});
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

}  // namespace

Schedule::Schedule(double constant) : knots_{{0, constant, false}} {}

Schedule Schedule::parse(std::string_view text) {
  if (const auto constant = number<double>(trim(text))) return {*constant};
  std::vector<Knot> knots;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t comma = rest.find(',');
    const std::string_view part = trim(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const size_t sign = part.find_first_of(":=");
    if (sign == std::string_view::npos) throw malformed(text, fmt::format("'{}' has no ':' or '='", part));
    const auto step = number<int64_t>(trim(part.substr(0, sign)));
    const auto value = number<double>(trim(part.substr(sign + 1)));
    if (!step || !value) throw malformed(text, fmt::format("'{}' is not STEP:VALUE", part));
    knots.push_back({*step, *value, part[sign] == '='});
  }
  if (knots.empty()) throw malformed(text, "empty");
  if (knots.front().step != 0) throw malformed(text, "the first step must be 0");
  for (size_t i = 1; i < knots.size(); ++i)
    if (knots[i].step <= knots[i - 1].step) throw malformed(text, "steps must rise");
  knots.front().jump = false;
  return Schedule(std::move(knots));
}

double Schedule::at(int64_t step) const {
  const auto after = std::upper_bound(knots_.begin(), knots_.end(), step,
                                      [](int64_t wanted, const Knot& knot) { return wanted < knot.step; });
  if (after == knots_.begin()) return knots_.front().value;
  const Knot& before = *(after - 1);
  if (after == knots_.end() || after->jump) return before.value;
  const double way = static_cast<double>(step - before.step) / static_cast<double>(after->step - before.step);
  return before.value + way * (after->value - before.value);
}

double Schedule::least() const {
  return std::min_element(knots_.begin(), knots_.end(), [](auto& a, auto& b) { return a.value < b.value; })
      ->value;
}

double Schedule::greatest() const {
  return std::max_element(knots_.begin(), knots_.end(), [](auto& a, auto& b) { return a.value < b.value; })
      ->value;
}

std::string Schedule::text() const {
  if (knots_.size() == 1) return fmt::format("{}", knots_.front().value);
  std::string text;
  for (const Knot& knot : knots_)
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", knot.step, knot.jump ? '=' : ':', knot.value);
  return text;
}

}  // namespace isthmus
