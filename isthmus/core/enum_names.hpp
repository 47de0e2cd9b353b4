#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace isthmus {
namespace detail {

template <auto Value>
constexpr std::string_view spelled() {
  // GCC: "… [with auto Value = isthmus::Split::train; …]", clang: "… [Value = isthmus::Split::train]".
  const std::string_view text = __PRETTY_FUNCTION__;
  const size_t from = text.find("Value = ") + 8;
  return text.substr(from, text.find_first_of(";]", from) - from);
}

constexpr std::string_view last_name(std::string_view qualified) {
  const size_t colon = qualified.rfind("::");
  return colon == std::string_view::npos ? qualified : qualified.substr(colon + 2);
}

/// `static`, `class` and kin are keywords: what C++ must name with a '_' at the end is a word without it.
constexpr std::string_view as_word(std::string_view name) {
  return name.ends_with('_') ? name.substr(0, name.size() - 1) : name;
}

template <class Enum, int Index>
constexpr std::string_view enumerator() {
  constexpr std::string_view text = spelled<static_cast<Enum>(Index)>();
  // A value without an enumerator is spelled as a cast: "(isthmus::Split)7".
  if constexpr (text.empty() || text.front() == '(' || (text.front() >= '0' && text.front() <= '9'))
    return {};
  return as_word(last_name(text));
}

}  // namespace detail

/// The words of an enum whose enumerators are 0, 1, 2, … (at most 16), read from their names at compile time.
template <class Enum>
  requires std::is_enum_v<Enum>
std::vector<std::string> enum_names() {
  std::vector<std::string> names;
  [&]<int... Index>(std::integer_sequence<int, Index...>) {
    ((detail::enumerator<Enum, Index>().empty()
          ? void()
          : void(names.emplace_back(detail::enumerator<Enum, Index>()))),
     ...);
  }(std::make_integer_sequence<int, 16>{});
  return names;
}

template <class Enum>
  requires std::is_enum_v<Enum>
std::string enum_name(Enum value) {
  return enum_names<Enum>().at(static_cast<size_t>(value));
}

}  // namespace isthmus
