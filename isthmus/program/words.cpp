#include "isthmus/program/words.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "isthmus/core/error.hpp"

namespace isthmus::program {
namespace {

std::string type_of(const Setting& setting) {
  switch (setting.kind) {
    case Kind::boolean:
      return "";
    case Kind::integer:
      return "INT";
    case Kind::real:
      return "NUMBER";
    case Kind::text:
      return "TEXT";
    case Kind::list:
      return "INT,INT,...";
    case Kind::choice:
      return fmt::format("{}", fmt::join(setting.choices, "|"));
    case Kind::schedule:
      return "SCHEDULE";
  }
  return "";
}

std::string help_of(const Setting& setting) {
  const std::string bound = setting.bound.empty() ? "" : fmt::format(" ({})", setting.bound);
  const std::string value = setting.value.empty() ? "" : fmt::format(" [{}]", setting.value);
  return setting.help + bound + value;
}

/// CLI11's layout, narrowed to what a newcomer needs.
class Layout : public CLI::Formatter {
 public:
  Layout() { column_width(38); }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_name().empty() ? "" : " " + option->get_type_name();
  }
  std::string make_positionals(const CLI::App* app) const override {
    std::string all;
    for (const CLI::Option* option :
         app->get_options([](const CLI::Option* each) { return each->get_positional(); }))
      all += fmt::format("  {:<36}{}\n", option->get_name(true), option->get_description());
    return all.empty() ? "" : "\nWords:\n" + all;
  }
};

}  // namespace

Words::Words(std::string_view command, std::string_view summary)
    : command_(command),
      app_(std::make_unique<CLI::App>(std::string(summary), fmt::format("isthmus {}", command))) {
  app_->formatter(std::make_shared<Layout>());
  app_->set_help_flag("-h,--help", "show this help");
  app_->get_formatter()->label("OPTIONS", "--OPTION VALUE …");
  app_->option_defaults()->take_last();
}

Words::~Words() = default;

void Words::positional(const std::string& name, std::string& value, const std::string& help, bool required) {
  app_->add_option(name, value, help)->required(required);
}

void Words::positionals(const std::string& name, std::vector<std::string>& values, const std::string& help) {
  app_->add_option(name, values, help)->take_all();
}

void Words::option(const std::string& name, std::string& value, const std::string& type,
                   const std::string& help) {
  app_->add_option(name, value, help)->type_name(type);
}

void Words::flag(const std::string& name, bool& value, const std::string& help) {
  app_->add_flag(name, value, help);
}

void Words::settings(const std::string& title, const std::vector<Setting>& lines, const Setter& set) {
  for (const Setting& line : lines) {
    const std::string path = line.path;
    const auto use = [set, path](const std::string& text) { set(path, text); };
    if (line.kind == Kind::boolean) {
      booleans_.insert("--" + path);
      app_->add_flag_function(
              "--" + path, [use](int64_t count) { use(count > 0 ? "true" : "false"); }, help_of(line))
          ->group(title);
    } else {
      app_->add_option_function<std::string>("--" + path, use, help_of(line))
          ->type_name(type_of(line))
          ->group(title);
    }
  }
}

void Words::examples(const std::string& text) {
  app_->footer("\n" + text);
}

bool Words::parse(std::span<const std::string> words) {
  try {
    std::vector<std::string> reversed;  // the order that CLI11 takes them in
    for (size_t i = words.size(); i-- > 0;) {
      std::string word = words[i];
      // "--flag", "--flag=false" and "--flag false" all work; CLI11 would take the last for a word of its
      // own.
      if ((word == "true" || word == "false") && i > 0 && booleans_.contains(words[i - 1]))
        word = words[--i] + "=" + word;
      // "--backbone.hidden=" says that the list is empty; CLI11 would take the next word for it.
      const bool empty = word.starts_with("--") && word.ends_with("=");
      if (empty) reversed.emplace_back();
      reversed.push_back(empty ? word.substr(0, word.size() - 1) : word);
    }
    app_->parse(std::move(reversed));
    return true;
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app_->help());
    return false;
  } catch (const CLI::ExtrasError&) {
    std::vector<std::string> known;
    for (const CLI::Option* option : app_->get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    const std::vector<std::string> rest = app_->remaining();
    const std::string& first = rest.front();
    if (first.starts_with("-")) {
      const std::string close = nearest(first.substr(0, first.find('=')), known);
      throw UsageError({.who = command_,
                        .expected = "an option",
                        .got = fmt::format("'{}'", first),
                        .hint = close.empty() ? fmt::format("isthmus {} --help", command_) : close});
    }
    throw UsageError({.who = command_,
                      .expected = "no further word",
                      .got = fmt::format("'{}'", first),
                      .hint = fmt::format("isthmus {} --help", command_)});
  } catch (const CLI::RequiredError& error) {
    const std::string missing = error.what();  // "DIR is required"
    throw UsageError({.who = command_,
                      .expected = missing.substr(0, missing.find(" is required")),
                      .got = "none",
                      .hint = fmt::format("isthmus {} --help", command_)});
  } catch (const CLI::ParseError& error) {
    throw UsageError({.who = command_,
                      .expected = "words as in its help",
                      .got = error.what(),
                      .hint = fmt::format("isthmus {} --help", command_)});
  }
}

}  // namespace isthmus::program
