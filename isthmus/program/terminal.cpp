#include "isthmus/program/terminal.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace isthmus::program {
namespace {

using Clock = std::chrono::steady_clock;

bool silent = false;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr size_t bar_width = 20;

std::string bar(double share) {
  const auto full = static_cast<size_t>(share * bar_width);
  std::string text;
  for (size_t i = 0; i < bar_width; ++i) text += i < full ? "━" : "─";
  return text;
}

}  // namespace

void set_quiet(bool quiet) {
  silent = quiet;
}
bool quiet() {
  return silent;
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0), last_(Clock::now()) {}

ProgressLine::~ProgressLine() {
  end();
}

bool ProgressLine::due() const {
  return !silent && seconds_since(last_) > (terminal_ ? 0.1 : 10.0);
}

size_t ProgressLine::width() const {
  winsize size{};
  if (!terminal_ || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return std::string::npos;
  return size.ws_col - 1U;
}

void ProgressLine::show(const std::string& line) {
  if (silent) return;
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", line, terminal_ ? "\033[K" : "\n");
  std::fflush(stderr);
  drawn_ = terminal_;
  last_ = Clock::now();
}

void ProgressLine::end() {
  if (drawn_) fmt::print(stderr, "\n");
  drawn_ = false;
}

std::string clock(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string thousands(int64_t count) {
  const std::string digits = fmt::format("{}", std::abs(count));
  std::string text = count < 0 ? "-" : "";
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

train::Observer training_progress(const train::Training& training) {
  struct State {
    ProgressLine line;
    int64_t first_step;
    double first_seconds;
  };
  const auto state = std::make_shared<State>();
  state->first_step = training.step();
  state->first_seconds = training.seconds;
  return [state](const train::Event& event) {
    if (event.kind != train::Event::Kind::step) return;
    const train::Training& now = event.training;
    const bool last = now.step() == now.steps();
    if (quiet() || (!last && !state->line.due())) return;
    const double rate =
        static_cast<double>(now.step() - state->first_step) / (now.seconds - state->first_seconds);
    const double share = static_cast<double>(now.step()) / static_cast<double>(now.steps());
    std::string text = fmt::format(
        "{}{}/{}  {} images/s  {}", now.stages().count() > 1 ? event.stage.name() + "  " : "",
        thousands(now.step()), thousands(now.steps()),
        thousands(std::llround(rate * static_cast<double>(now.config().batch))),
        last ? fmt::format("in {}", clock(now.seconds))
             : fmt::format("{} left", clock(static_cast<double>(now.steps() - now.step()) / rate)));
    for (const auto& [name, value] : event.terms) {
      const std::string term = fmt::format("  {} {:.2f}", name, value);
      if (bar_width + 2 + text.size() + term.size() > state->line.width())
        break;  // what wraps is never drawn over
      text += term;
    }
    state->line.show(fmt::format("{}  {}", bar(share), text));
    if (last) state->line.end();
  };
}

Progress measuring_progress(std::string what) {
  struct State {
    ProgressLine line;
    Clock::time_point start = Clock::now();
  };
  const auto state = std::make_shared<State>();
  return [state, what = std::move(what)](int64_t done, int64_t total, std::string_view unit) {
    const bool last = done == total;
    if (quiet() || done == 0 || !(last ? state->line.drawn() : state->line.due())) return;
    const double share = static_cast<double>(done) / static_cast<double>(total);
    const double left = seconds_since(state->start) * (1 - share) / share;
    state->line.show(fmt::format("{}  {}  {}/{} {}  {} left", what, bar(share), thousands(done),
                                 thousands(total), unit, clock(left)));
    if (last) state->line.end();
  };
}

}  // namespace isthmus::program
