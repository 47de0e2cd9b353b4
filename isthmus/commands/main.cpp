#include <cstdio>
#include <string>
#include <vector>

#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "isthmus/core/allocator.hpp"
#include "isthmus/core/command.hpp"
#include "isthmus/core/denormals.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/core/version.hpp"

namespace {

using isthmus::CommandEntry;

constexpr int failed = 1;
constexpr int wrong_words = 2;
constexpr int interrupted = 130;

void print_overview() {
  fmt::print(
      "isthmus {}: trains, measures, samples and draws the autoencoder family\n\nUsage: isthmus COMMAND "
      "…\n\n",
      isthmus::version);
  for (const CommandEntry* command : isthmus::commands::menu())
    fmt::print("  {:<12}{}\n", command->name, command->summary);
  fmt::print(
      "\nA first run, without any download:  isthmus train vae sprites\n"
      "Every word of a command:            isthmus COMMAND --help\n");
}

int run(std::vector<std::string> words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_overview();
    return words.empty() ? wrong_words : 0;
  }
  if (words[0] == "--version") {
    fmt::print("isthmus {} (torch {})\n", isthmus::version, isthmus::torch_version());
    return 0;
  }
  return isthmus::commands::menu().find(words[0]).run(std::span(words).subspan(1));
}

}  // namespace

int main(int count, char** words) {
  isthmus::settle_allocator();
  isthmus::flush_denormals();
  spdlog::set_default_logger(spdlog::stderr_color_mt("isthmus"));  // stdout is for results
  spdlog::set_pattern("%^%l%$: %v");
  const auto complain = [](std::string_view text, int status) {
    fmt::print(stderr, "{}\n", text);
    return status;
  };
  try {
    return run({words + 1, words + count});
  } catch (const isthmus::UsageError& error) {
    return complain(error.what(), wrong_words);
  } catch (const isthmus::Interrupted& error) {
    return complain(error.what(), interrupted);
  } catch (const c10::Error& error) {
    return complain(fmt::format("[torch] {}", error.what_without_backtrace()), failed);
  } catch (const std::exception& error) {
    return complain(error.what(), failed);
  }
}
