#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "isthmus/core/enum_names.hpp"

namespace isthmus {

/// The values that a field may take; `text` completes "expected a number …" in messages and help.
struct Bound {
  double least = -std::numeric_limits<double>::infinity();
  double greatest = std::numeric_limits<double>::infinity();
  bool open = false;  // whether `least` itself is excluded
  std::string_view text = {};

  constexpr bool holds(double value) const {
    return (open ? value > least : value >= least) && value <= greatest;
  }
};

inline constexpr Bound anything{};
inline constexpr Bound positive{.least = 0, .open = true, .text = "above 0"};
inline constexpr Bound non_negative{.least = 0, .text = "of 0 or more"};
inline constexpr Bound fraction{.least = 0, .greatest = 1, .text = "from 0 to 1"};
inline constexpr Bound below_one{.least = 0, .greatest = 0.9999999, .text = "of 0 or more, below 1"};

/// One line of a Config: the member, what it means, what it may be. Its name is the member's own.
template <auto Member>
struct Field {
  std::string_view help;
  Bound bound;

  static constexpr auto member = Member;
  static constexpr std::string_view name = detail::as_word(detail::last_name(detail::spelled<Member>()));
};

template <auto Member>
constexpr Field<Member> field(std::string_view help, Bound bound = anything) {
  return {help, bound};
}

/// A nested Config whose fields appear as if they were its owner's own: `--likelihood`, not
/// `--observation.likelihood`.
template <auto Member>
struct Inlined {
  static constexpr auto member = Member;
};

template <auto Member>
constexpr Inlined<Member> inlined() {
  return {};
}

template <class C>
concept Configurable = std::is_aggregate_v<C> && requires { C::fields(); };

namespace detail {

struct Anything {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor): declared only, to count members
};

template <class T, size_t... Index>
constexpr bool takes(std::index_sequence<Index...>) {
  return requires { T{(static_cast<void>(Index), Anything{})...}; };
}

template <class T, size_t Count = 0>
constexpr size_t members() {
  if constexpr (takes<T>(std::make_index_sequence<Count + 1>{}))
    return members<T, Count + 1>();
  else
    return Count;
}

}  // namespace detail

/// Calls visit(path, value, help, bound) for every field, nested ones by their dotted path, in the order of
/// fields().
template <class C, class Visit>
  requires Configurable<std::remove_const_t<C>>
void visit_fields(C& config, Visit&& visit, const std::string& prefix = "") {
  using Plain = std::remove_const_t<C>;
  static_assert(detail::members<Plain>() == std::tuple_size_v<decltype(Plain::fields())>,
                "every member of a Config needs its line in fields()");
  const auto one = [&]<class F>(const F& line) {
    auto& value = config.*F::member;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (requires { line.help; }) {
      const std::string path = prefix.empty() ? std::string(F::name) : prefix + "." + std::string(F::name);
      if constexpr (Configurable<Value>)
        visit_fields(value, visit, path);
      else
        visit(path, value, line.help, line.bound);
    } else {
      visit_fields(value, visit, prefix);
    }
  };
  std::apply([&](const auto&... line) { (one(line), ...); }, Plain::fields());
}

}  // namespace isthmus
