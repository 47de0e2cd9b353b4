#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace isthmus::canvas {

struct Colour {
  uint8_t red, green, blue;
  bool operator==(const Colour&) const = default;
};

inline constexpr Colour white{255, 255, 255};
inline constexpr Colour ink{28, 35, 48};        ///< titles
inline constexpr Colour muted{92, 101, 117};    ///< labels; contrast 5.9 on white
inline constexpr Colour rule{226, 230, 236};    ///< grid lines
inline constexpr Colour border{188, 195, 206};  ///< axes

/// Ten colours told apart by colour-blind readers too (Petroff 2021, "Accessible Color Sequences for Data
/// Visualization", arXiv:2107.02270).
inline constexpr std::array<Colour, 10> palette{{{63, 144, 218},
                                                 {255, 169, 14},
                                                 {189, 31, 1},
                                                 {148, 164, 162},
                                                 {131, 45, 182},
                                                 {169, 107, 89},
                                                 {231, 99, 0},
                                                 {185, 172, 112},
                                                 {113, 117, 129},
                                                 {146, 218, 221}}};

/// The same hue, dark enough for text on white.
constexpr Colour darker(Colour colour) {
  return {static_cast<uint8_t>(colour.red * 6 / 10), static_cast<uint8_t>(colour.green * 6 / 10),
          static_cast<uint8_t>(colour.blue * 6 / 10)};
}

}  // namespace isthmus::canvas
