#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/error.hpp"
#include "isthmus/core/field.hpp"
#include "isthmus/core/schedule.hpp"

namespace isthmus {

enum class Kind { boolean, integer, real, text, list, choice, schedule };

/// What help, docs and recipes show of one field.
struct Setting {
  std::string path;  // "backbone.hidden", "fit.steps"
  Kind kind;
  std::string value;  // as text; parses back to the same value
  std::string help;
  std::string bound;                 // "above 0", or empty
  std::vector<std::string> choices;  // of a choice
};

/// Turns text into a field's value and back. Throws UsageError that names `path`.
/// Lists are written "400,400" (also "[400, 400]"), booleans true/false, choices by name.
void parse(std::string_view path, std::string_view text, const Bound& bound, bool& value);
void parse(std::string_view path, std::string_view text, const Bound& bound, int64_t& value);
void parse(std::string_view path, std::string_view text, const Bound& bound, double& value);
void parse(std::string_view path, std::string_view text, const Bound& bound, std::string& value);
void parse(std::string_view path, std::string_view text, const Bound& bound, std::vector<int64_t>& value);
void parse(std::string_view path, std::string_view text, const Bound& bound, Schedule& value);
size_t parse_choice(std::string_view path, std::string_view text, const std::vector<std::string>& choices);

std::string to_text(bool value);
std::string to_text(int64_t value);
std::string to_text(double value);
std::string to_text(const std::string& value);
std::string to_text(const std::vector<int64_t>& value);
std::string to_text(const Schedule& value);

/// Any Config, its type forgotten: what the command line, recipes, help and the docs work on.
///
///     Settings settings(models::vae::Config{});
///     settings.set("latent", "20");
///     settings.as<models::vae::Config>().latent;   // 20
class Settings {
 public:
  /// `prefix` comes before every path: "fit" makes "fit.steps".
  template <Configurable C>
  explicit Settings(C config, std::string prefix = "")
      : held_(std::make_unique<Held<C>>(std::move(config))), prefix_(std::move(prefix)) {}
  Settings(const Settings& other) : held_(other.held_->clone()), prefix_(other.prefix_) {}
  Settings(Settings&&) noexcept = default;
  Settings& operator=(Settings other) noexcept {
    std::swap(held_, other.held_);
    std::swap(prefix_, other.prefix_);
    return *this;
  }
  ~Settings() = default;

  std::vector<Setting> list() const { return held_->list(prefix_); }
  bool has(std::string_view path) const;
  /// Throw UsageError when there is no such path (the nearest is offered) or `text` does not fit its field.
  void set(std::string_view path, std::string_view text);
  std::string get(std::string_view path) const;

  template <Configurable C>
  const C& as() const {
    return static_cast<const Held<C>&>(*held_).config;
  }

 private:
  struct Holder {
    virtual ~Holder() = default;
    virtual std::unique_ptr<Holder> clone() const = 0;
    virtual std::vector<Setting> list(const std::string& prefix) const = 0;
    virtual bool set(const std::string& prefix, std::string_view path, std::string_view text) = 0;
  };
  template <class C>
  struct Held;

  std::unique_ptr<Holder> held_;
  std::string prefix_;
};

template <class C>
struct Settings::Held final : Holder {
  explicit Held(C held) : config(std::move(held)) {}
  std::unique_ptr<Holder> clone() const override { return std::make_unique<Held>(config); }

  std::vector<Setting> list(const std::string& prefix) const override {
    std::vector<Setting> lines;
    const auto add = [&]<class T>(const std::string& path, const T& value, std::string_view help,
                                  const Bound& bound) {
      Setting line{path, kind<T>(), "", std::string(help), std::string(bound.text), {}};
      if constexpr (std::is_enum_v<T>) {
        line.choices = enum_names<T>();
        line.value = enum_name(value);
      } else {
        line.value = to_text(value);
      }
      lines.push_back(std::move(line));
    };
    visit_fields(config, add, prefix);
    return lines;
  }

  bool set(const std::string& prefix, std::string_view wanted, std::string_view text) override {
    bool found = false;
    const auto try_one = [&]<class T>(const std::string& path, T& value, std::string_view,
                                      const Bound& bound) {
      if (path != wanted) return;
      found = true;
      if constexpr (std::is_enum_v<T>)
        value = static_cast<T>(parse_choice(path, text, enum_names<T>()));
      else
        parse(path, text, bound, value);
    };
    visit_fields(config, try_one, prefix);
    return found;
  }

  template <class T>
  static constexpr Kind kind() {
    if constexpr (std::is_enum_v<T>) return Kind::choice;
    if constexpr (std::is_same_v<T, bool>) return Kind::boolean;
    if constexpr (std::is_same_v<T, int64_t>) return Kind::integer;
    if constexpr (std::is_same_v<T, double>) return Kind::real;
    if constexpr (std::is_same_v<T, std::vector<int64_t>>) return Kind::list;
    if constexpr (std::is_same_v<T, Schedule>) return Kind::schedule;
    return Kind::text;
  }

  C config;
};

}  // namespace isthmus
