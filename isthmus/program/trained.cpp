#include "isthmus/program/trained.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "isthmus/core/comparable.hpp"
#include "isthmus/core/error.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/input.hpp"
#include "isthmus/io/png.hpp"
#include "isthmus/program/terminal.hpp"
#include "isthmus/train/data_facts.hpp"
#include "isthmus/train/observers.hpp"

namespace isthmus::program {
namespace {

/// While it lives, the first Ctrl-C (or SIGTERM) asks the training to stop; the second ends the program at
/// once.
class StopOnSignal {
 public:
  StopOnSignal() {
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, &handle);
  }
  ~StopOnSignal() {
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  static void handle(int signal) {
    train::request_stop();
    std::signal(signal, SIG_DFL);
  }
};

/// Pictures of the training as it goes, one file a picture and step.
train::Observer previews(const train::RunDirectory& directory) {
  return [directory](const train::Event& event) {
    const int64_t every = event.training.config().evaluate_every;
    if (event.kind != train::Event::Kind::step || every == 0 || event.training.step() % every != 0) return;
    const bool held_out = event.training.data().validation->size() > 0;
    const train::Evaluating evaluating(event.training.model());
    const Subject subject{.model = event.training.model(),
                          .data = event.training.data(),
                          .split = held_out ? Split::validation : Split::train,
                          .seed = static_cast<uint64_t>(event.training.recipe().run().seed)};
    std::filesystem::create_directories(directory.previews());
    for (const PictureEntry* picture : pictures::menu())
      if (picture->preview && !picture->why_not(subject))
        io::write_png(
            directory.previews() / fmt::format("{}-{:07}.png", picture->name, event.training.step()),
            picture->draw(subject, picture->defaults));
  };
}

/// Whether these are the run's own data, wherever they lie now.
bool is_own(const train::Run& run, const std::string& dataset, const Source& source,
            const std::string& path) {
  if (dataset != run.data.name) return false;
  if (path == run.data.config.path) return true;
  const auto facts = train::read_data_facts(run.directory.facts());
  DataConfig as_trained = run.data.config;
  as_trained.path = path;
  try {
    return facts && train::DataFacts::of(cut(dataset, source, as_trained)) == *facts;
  } catch (const Error&) {  // so few examples, or other classes, that they cannot be cut so
    return false;
  }
}

}  // namespace

void use_threads(int64_t threads) {
  constexpr int64_t most = 1024;  // a system that has fewer to give would end the program
  if (threads > most)
    throw UsageError({.who = "--threads",
                      .expected = fmt::format("at most {}", most),
                      .got = fmt::format("{}", threads),
                      .hint = "0, which takes all cores"});
  if (threads == 0 && std::getenv("OMP_NUM_THREADS") != nullptr) return;  // torch has read it
  const auto all = static_cast<int64_t>(std::max(1U, std::thread::hardware_concurrency()));
  at::set_num_threads(static_cast<int>(threads == 0 ? all : threads));
}

Subject subject_of(const train::Run& run, Split split) {
  return {.model = *run.model,
          .data = run.data,
          .split = split,
          .seed = static_cast<uint64_t>(run.recipe.run().seed),
          .run = run.directory.path()};
}

void RunWords::add_to(Words& words) {
  words.positional("DIR", folder_, "folder of a run");
  words.option("--data.path", data_path_, "PATH", "where the run's data are, if they have moved");
}

train::Run RunWords::open() const {
  return train::open_run(folder_, data_path_);
}

Data examples_for(const train::Run& run, const std::string& dataset, const Changes& changes) {
  DataConfig alike = treated_alike(run.data, dataset);
  if (dataset == run.data.name) alike.limit = run.data.config.limit;
  Settings settings(alike, "data");
  for (const auto& [path, text] : changes) settings.set(path, text);
  const auto config = settings.as<DataConfig>();
  const Source source = datasets::menu().find(dataset).open(config);
  const bool shared_out =
      std::ranges::find(changes, "data.test", &Changes::value_type::first) != changes.end();
  if (shared_out || is_own(run, dataset, source, config.path)) return cut(dataset, source, config);
  return cut(dataset, as_one_whole(source), config);
}

Evaluation measure_run(const train::Run& run, Split split, const std::vector<std::string>& names,
                       const MetricSettings& settings) {
  return evaluate(subject_of(run, split), run.recipe.model().name, run.step, names, settings);
}

void keep(const train::Run& run, const Evaluation& evaluation) {
  nlohmann::ordered_json json = to_json(evaluation);
  const auto file = run.directory.evaluation(evaluation.split);
  if (std::filesystem::exists(file)) {
    const auto earlier = nlohmann::ordered_json::parse(io::read_text(file), nullptr, false);
    const auto same = [&](const char* key) { return earlier.contains(key) && earlier[key] == json[key]; };
    if (earlier.is_object() && same("split") && same("step") && earlier.contains("metrics"))
      for (const auto& [name, entry] : earlier["metrics"].items()) {
        const bool in_full = entry.is_object() && !entry.value("quick", false);
        if (!json["metrics"].contains(name) || (evaluation.quick && in_full)) json["metrics"][name] = entry;
      }
  }
  io::write_whole(file, json.dump(2) + "\n");
}

Evaluation evaluate_run(const train::Run& run, Split split, const std::vector<std::string>& names,
                        const MetricSettings& settings) {
  Evaluation evaluation = measure_run(run, split, names, settings);
  keep(run, evaluation);
  return evaluation;
}

void fit_in(const train::RunDirectory& directory, train::Training& training) {
  std::vector<std::string> doubts = training.model().warnings();
  if (const auto* likelihood = dynamic_cast<const LatentVariable*>(&training.model()))
    if (auto reason = likelihood->no_likelihood()) doubts.push_back(std::move(*reason));
  for (const std::string& doubt : doubts) spdlog::warn("{}", doubt);
  const StopOnSignal stop;
  std::vector<train::Observer> observers{train::keep_checkpoints(directory),
                                         train::log_metrics(directory, training.step()), previews(directory)};
  if (!quiet()) observers.push_back(training_progress(training));
  try {
    train::fit(training, observers);
  } catch (const Interrupted&) {
    throw Interrupted(
        {.who = "train",
         .expected = fmt::format("{} steps", thousands(training.steps())),
         .got = fmt::format("a request to stop after {}; the state is saved", thousands(training.step())),
         .hint = fmt::format("isthmus train --resume {}", directory.path().string())});
  }
}

}  // namespace isthmus::program
