#pragma once

#include <string>
#include <vector>

namespace isthmus::canvas {

struct Tick {
  double value;
  std::string label;
};

/// Round values (1, 2 or 5 times a power of ten apart) from `least` to `greatest`, about `wanted` of
/// them and at least two. Labels carry the decimals that tell them apart; thousands and millions are written
/// 20k and 3M. One tick when the range is empty.
std::vector<Tick> ticks(double least, double greatest, int wanted);

/// A figure for a reader: four significant digits, a true minus sign.
std::string short_number(double value);

}  // namespace isthmus::canvas
