#include "isthmus/report/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace isthmus::report {

std::string escape(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

std::string duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(seconds, 0.0)));
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string grouped(int64_t number) {
  std::string digits = fmt::format("{}", number);
  const size_t sign = number < 0 ? 1 : 0;
  for (size_t i = digits.size(); i > 3 + sign; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string rounded(double value, std::optional<double> standard_error) {
  std::string text;
  if (!std::isfinite(value)) {
    text = fmt::format("{}", value);
  } else if (standard_error && std::isfinite(*standard_error) && *standard_error > 0) {
    const int decimals = 1 - static_cast<int>(std::floor(std::log10(*standard_error)));
    text = fmt::format("{:.{}f}", value, std::clamp(decimals, 0, 9));
  } else if (std::abs(value) < 1e15 && (std::abs(value) >= 1e4 || value == std::round(value))) {
    text = grouped(std::llround(value));
  } else {
    text = fmt::format("{:.5g}", value);
  }
  if (text.starts_with('-')) text = "\u2212" + text.substr(1);
  return text;
}

}  // namespace isthmus::report
