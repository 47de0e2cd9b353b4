#include "isthmus/train/fit.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/subject.hpp"
#include "isthmus/ops/bf16_products.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/train/loader.hpp"

namespace isthmus::train {
namespace {

std::atomic<bool> stop_requested{false};

bool due(int64_t step, int64_t every) {
  return every > 0 && step % every == 0;
}

Terms finite_terms(const Loss& loss, int64_t step) {
  Terms terms;
  for (const auto& [name, value] : loss.terms) {
    const auto number = value.item<double>();
    if (!std::isfinite(number))
      throw Error(
          {.who = "fit",
           .expected = "a finite loss",
           .got = fmt::format("{} in its term '{}' at step {}", number, name, step),
           .hint = step == 0
                       ? "data scaled to 0 … 1, if theirs is another range"
                       : "a smaller --fit.learning_rate, or --fit.clip; what was saved before is kept"});
    terms.emplace_back(name, number);
  }
  return terms;
}

/// A gradient can overflow under a finite loss; what came of it must not replace a good checkpoint.
void check_parameters(const Training& training) {
  if (training.parameters().values().isfinite().all().item<bool>()) return;
  throw Error({.who = "fit",
               .expected = "finite parameters",
               .got = fmt::format("some that are not, after step {}", training.step()),
               .hint = "a smaller --fit.learning_rate, or --fit.clip; what was saved before is kept"});
}

}  // namespace

Terms take_step(Training& training, const Batch& batch, const std::function<void(Part)>& done) {
  const auto tell = [&](Part part) {
    if (done) done(part);
  };
  const Stage stage = training.stage();
  // Schedules run within a stage; noise goes by all steps, so that none comes twice.
  const auto seed = static_cast<uint64_t>(training.recipe().run().seed);
  Step step{training.step() - stage.first, Noise(seed, Purpose::training, training.step())};
  const Loss loss = [&] {
    std::optional<ops::Bf16Products> in_bf16;
    if (training.config().precision == Precision::bf16) in_bf16.emplace(training.parameters().shadow());
    return loss_of(stage, training.model(), batch, step);
  }();
  Terms terms = finite_terms(loss, training.step());
  tell(Part::forward);
  {
    ops::GradientsInPlace in_place(training.parameters().each());
    loss.total().backward();
    in_place.finish();
  }
  tell(Part::backward);
  training.advance(loss);
  tell(Part::optimiser);
  return terms;
}

void request_stop() noexcept {
  stop_requested = true;
}

void fit(Training& training, const std::vector<Observer>& observers) {
  const FitConfig& config = training.config();
  const auto seed = static_cast<uint64_t>(training.recipe().run().seed);
  Model& model = training.model();
  const at::Device device = device_of(model);
  model.train();

  Stage stage = training.stage();
  const auto tell = [&](Event::Kind kind, Terms terms = {}) {
    const Event event{kind, training, stage, std::move(terms)};
    for (const Observer& observer : observers) observer(event);
  };
  int64_t saved = -1;
  const auto checkpoint = [&] {
    if (saved == training.step()) return;
    check_parameters(training);
    tell(Event::Kind::checkpoint);
    saved = training.step();
  };

  Loader loader(*training.data().train, training.data().config.binarise, config.batch, seed, training.step(),
                device);
  auto last = std::chrono::steady_clock::now();
  while (training.step() < training.steps()) {
    const Batch batch = loader.next().to(device);
    stage = training.stage();
    const int64_t index = training.step() - stage.first;
    Terms terms = take_step(training, batch);
    training.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - last).count();
    tell(Event::Kind::step, std::move(terms));
    if (due(training.step(), config.evaluate_every) && training.data().validation->size() > 0)
      tell(Event::Kind::validation,
           evaluate_loss(stage, model, training.data(), Split::validation, config.batch, seed, index));
    if (due(training.step(), config.checkpoint_every)) checkpoint();
    if (stop_requested.exchange(false)) {
      checkpoint();
      throw Interrupted(
          {.who = "fit",
           .expected = fmt::format("{} steps", training.steps()),
           .got = fmt::format("a request to stop after {}; the state is saved", training.step())});
    }
    last = std::chrono::steady_clock::now();  // what observers take is not training time
  }
  checkpoint();
}

Terms evaluate_loss(const Stage& stage, Model& model, const Data& data, Split split, int64_t batch,
                    uint64_t seed, int64_t index) {
  const at::NoGradGuard no_grad;
  const Evaluating evaluating(model);
  const Subject subject{.model = model, .data = data, .split = split, .seed = seed};
  Terms sums;
  for_each_batch(subject, batch, 0, [&](const Batch& examples, int64_t first) {
    Step step{index, Noise(seed, Purpose::evaluation, 0, first)};
    const Loss loss = loss_of(stage, model, examples, step);
    for (size_t i = 0; i < loss.terms.size(); ++i) {
      if (sums.size() <= i) sums.emplace_back(loss.terms[i].first, 0.0);
      sums[i].second += loss.terms[i].second.item<double>() * static_cast<double>(examples.size());
    }
  });
  for (auto& [name, sum] : sums) sum /= static_cast<double>(subject.examples().size());
  return sums;
}

}  // namespace isthmus::train
