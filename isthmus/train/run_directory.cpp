#include "isthmus/train/run_directory.hpp"

#include <array>
#include <fstream>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "isthmus/core/error.hpp"
#include "isthmus/core/version.hpp"
#include "isthmus/io/atomic_file.hpp"
#include "isthmus/train/checkpoint.hpp"
#include "isthmus/train/data_facts.hpp"

namespace isthmus::train {
namespace {

namespace fs = std::filesystem;

void remove_run(const RunDirectory& old) {
  for (const fs::path& file :
       {old.recipe(), old.weights(), old.state(), old.metrics(), old.facts(), old.evaluation(),
        old.evaluation(Split::train), old.evaluation(Split::validation), old.report(), old.pictures(),
        old.previews()})
    fs::remove_all(file);
  for (const auto& file : fs::directory_iterator(old.path()))
    if (file.path().filename().string().starts_with("events.out.tfevents.")) fs::remove(file);
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace

fs::path RunDirectory::evaluation(Split split) const {
  return path_ /
         (split == Split::test ? "evaluation.json" : fmt::format("evaluation-{}.json", enum_name(split)));
}

RunDirectory RunDirectory::create(const fs::path& path, const Recipe& recipe, bool force) {
  const RunDirectory made(path);
  std::error_code error;
  if (fs::exists(path, error) && (!fs::is_directory(path) || !fs::is_empty(path))) {
    const bool run = fs::exists(made.recipe());
    if (!run)
      throw UsageError({.who = "train",
                        .expected = "a new folder",
                        .got = fmt::format("'{}', which holds other things", path.string()),
                        .hint = "another --out"});
    if (!force)
      throw UsageError(
          {.who = "train",
           .expected = "a new folder",
           .got = fmt::format("'{}', which holds a run", path.string()),
           .hint = fmt::format("--resume {} to go on with it, --force to replace it, or another --out",
                               path.string())});
    const auto lock = made.lock();
    remove_run(made);
  }
  fs::create_directories(path, error);
  if (error)
    throw Error({.who = "train",
                 .expected = fmt::format("to make the folder '{}'", path.string()),
                 .got = error.message(),
                 .hint = "another --out"});
  io::write_whole(made.recipe(), recipe.toml());
  return made;
}

std::unique_ptr<io::FolderLock> RunDirectory::lock() const {
  auto lock = std::make_unique<io::FolderLock>(path_);
  if (lock->taken())
    throw UsageError({.who = "train",
                      .expected = "a folder in which nobody trains",
                      .got = fmt::format("'{}', in which a training is under way", path_.string()),
                      .hint = "another --out, or this one when that has ended"});
  return lock;
}

RunDirectory RunDirectory::open(const fs::path& path) {
  const RunDirectory found(path);
  if (!fs::exists(found.recipe()))
    throw UsageError(
        {.who = "run",
         .expected = "the folder of a run (with recipe.toml in it)",
         .got = fmt::format("'{}'{}", path.string(), fs::exists(path) ? "" : ", which does not exist"),
         .hint = "the folder that `isthmus train … --out` named"});
  return found;
}

void save(const RunDirectory& directory, const Training& training) {
  training.save(directory.state());
  save_tensors(
      directory.weights(), state_of(training.model()),
      {{"model", std::string(training.recipe().model().name)}, {"step", std::to_string(training.step())}});
  const double examples = static_cast<double>(training.step() * training.config().batch);
  const nlohmann::ordered_json facts{
      {"isthmus", version},
      {"torch", torch_version()},
      {"processor", processor()},
      {"threads", at::get_num_threads()},
      {"parameters", training.parameters().count()},
      {"data", to_json(DataFacts::of(training.data()))},
      {"step", training.step()},
      {"seconds", training.seconds},
      {"examples_per_second", training.seconds > 0 ? examples / training.seconds : 0}};
  io::write_whole(directory.facts(), facts.dump(2) + "\n");
}

namespace {

/// Throws Error when there is no checkpoint yet.
RunDirectory with_checkpoint(const fs::path& path) {
  RunDirectory directory = RunDirectory::open(path);
  if (!fs::exists(directory.weights()))
    throw Error({.who = "run",
                 .expected = fmt::format("a checkpoint in '{}'", path.string()),
                 .got = "none yet",
                 .hint = fmt::format("isthmus train --resume {}", path.string())});
  return directory;
}

Run with_weights(const RunDirectory& directory, const Recipe& recipe, Data data,
                 std::shared_ptr<Model> model) {
  Loaded loaded = load_tensors(directory.weights());
  restore(*model, loaded.tensors, directory.weights().string());
  model->eval();
  int64_t step = 0;
  parse("model.safetensors: step", loaded.metadata["step"], non_negative, step);
  return {directory, recipe, std::move(data), std::move(model), step};
}

}  // namespace

void check_data(const RunDirectory& directory, const Recipe& recipe) {
  const std::string& data = recipe.data().path;
  if (data.empty() || fs::exists(data)) return;
  throw UsageError({.who = "run",
                    .expected = fmt::format("the data of '{}' at '{}'", directory.path().string(), data),
                    .got = "nothing there",
                    .hint = "--data.path with where they are now"});
}

void check_data(const RunDirectory& directory, const Data& data) {
  if (const auto facts = read_data_facts(directory.facts())) check_same_data(directory.path(), *facts, data);
}

Run open_run(const fs::path& path, const std::string& data_path) {
  const RunDirectory directory = with_checkpoint(path);
  Recipe recipe = Recipe::read(directory.recipe());
  if (!data_path.empty()) recipe.set("data.path", data_path);
  check_data(directory, recipe);
  auto [data, model] = build(recipe);
  check_data(directory, data);
  return with_weights(directory, recipe, std::move(data), std::move(model));
}

Run open_model(const fs::path& path) {
  const RunDirectory directory = with_checkpoint(path);
  const auto facts = read_data_facts(directory.facts());
  if (!facts) return open_run(path);
  const Recipe recipe = Recipe::read(directory.recipe());
  return with_weights(directory, recipe,
                      without_examples(std::string(recipe.dataset().name), recipe.data(), *facts),
                      build_model(recipe, facts->spec()));
}

}  // namespace isthmus::train
