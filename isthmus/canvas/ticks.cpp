#include "isthmus/canvas/ticks.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace isthmus::canvas {

namespace {

/// The nearest (in ratio) of 1, 2 and 5 times a power of ten.
double round_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double digit = rough / power;
  return power * (digit < std::sqrt(2) ? 1 : digit < std::sqrt(10) ? 2 : digit < std::sqrt(50) ? 5 : 10);
}

std::string with_minus(std::string text) {
  if (text.starts_with('-')) text = "\u2212" + text.substr(1);
  return text;
}

/// Every tick of one axis is written in the same unit.
std::string label(double value, double step, double largest) {
  if (largest >= 1e15 || largest < 1e-4) return with_minus(fmt::format("{:g}", value));
  double unit = 1;
  const char* suffix = "";
  if (largest >= 1e6)
    unit = 1e6, suffix = "M";
  else if (largest >= 1e4)
    unit = 1e3, suffix = "k";
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step / unit) - 1e-9)));
  if (value == 0) return "0";
  return with_minus(fmt::format("{:.{}f}{}", value / unit, decimals, suffix));
}

}  // namespace

std::vector<Tick> ticks(double least, double greatest, int wanted) {
  if (!(greatest > least)) return {{least, short_number(least)}};
  double step = round_step((greatest - least) / std::max(wanted, 2));
  const auto first_index = [&] { return std::ceil(least / step - 1e-9); };
  const auto last_index = [&] { return std::floor(greatest / step + 1e-9); };
  while (last_index() - first_index() < 1) step = round_step(step * 0.4);  // the next smaller
  const double largest = std::max(std::abs(first_index()), std::abs(last_index())) * step;
  std::vector<Tick> all;
  for (double index = first_index(); index <= last_index(); ++index) {
    const double value = index == 0 ? 0 : index * step;
    all.push_back({value, label(value, step, largest)});
  }
  return all;
}

std::string short_number(double value) {
  return with_minus(fmt::format("{:.4g}", value));
}

}  // namespace isthmus::canvas
