// The relaxed draws, by hand and by differences.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/models/discrete_vae.hpp"

#include "tests/models/discrete_vae.hpp"
#include "tests/support/losses.hpp"

namespace isthmus::models::discrete_vae {
namespace {

using testing::term;
using testing::training_step;

/// The relaxed draws of a step's noise from the encoder's probabilities, and the codes that they round to.
struct Relaxed {
  Tensor logits;  ///< [batch, width]
  Tensor soft;    ///< [batch, k, width], with a path to the encoder
  Tensor hard;
};

Relaxed relaxed_draws(Model& model, const Config& config, const Batch& batch, Step step) {
  const auto code = code_of(config);
  const Tensor p = model.encode(batch.x);
  const Tensor logits = config.latents == Latents::bernoulli ? at::logit(p) : at::log(p);
  const Tensor perturbed = code.perturb(logits, config.draws, step.noise);
  return {logits, code.mean(perturbed / config.temperature.at(step.index)), code.mode(perturbed).detach()};
}

/// −mean log p(x|z), z [batch, k, width].
Tensor reconstruction_of(Model& model, const Tensor& z, const Tensor& x) {
  const Tensor p = model.decode(z.flatten(0, 1)).flatten(1).unflatten(0, {-1, z.size(1)});
  const Tensor pixels = x.flatten(1).unsqueeze(1);
  return -(pixels * at::log(p) + (1 - pixels) * at::log(1 - p)).sum(2).mean();
}

std::vector<Config> both_codes(Gradient gradient) {
  return {config_of(gradient), categorical(gradient)};
}

TEST(Gumbel, HasTheLossOfItsRelaxedDraws) {
  for (const Config& config : both_codes(Gradient::gumbel)) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    Step step = training_step(0);
    const Loss loss = model.loss(batch, step);
    const Relaxed draws = relaxed_draws(model, config, batch, training_step(0));
    const Tensor kl = code_of(config).kl(draws.logits, at::zeros_like(draws.logits)).mean();
    EXPECT_NEAR(term(loss, "reconstruction").item<double>(),
                reconstruction_of(model, draws.soft, batch.x).item<double>(), 1e-4);
    EXPECT_NEAR(term(loss, "kl").item<double>(), kl.item<double>(), 1e-5);
  }
}

// On fixed noise the relaxed objective is a function of the parameters like any other.
TEST(Gumbel, HasTheGradientThatDifferencesOfItsLossShow) {
  for (const Config& config : both_codes(Gradient::gumbel)) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    const auto value = [&] {
      Step step = training_step(0);
      return model.loss(batch, step).total();
    };
    value().backward();
    const Tensor gradient = gradient_of(model, "encoder");
    const double norm = gradient.norm().item<double>();
    EXPECT_GT(norm, 0.02);

    std::vector<Tensor> leaves;
    for (const auto& [name, leaf] : own_parameters(model))
      if (name.starts_with("encoder")) leaves.push_back(leaf);
    const at::NoGradGuard no_grad;
    const auto move = [&](const Tensor& by) {
      int64_t first = 0;
      for (const Tensor& leaf : leaves) {
        leaf.add_(by.narrow(0, first, leaf.numel()).view(leaf.sizes()));
        first += leaf.numel();
      }
    };
    // Float32, so the steps are large, and the differences of fourth order.
    constexpr double h = 0.03;
    const Tensor random = Noise(13).normal({20, gradient.size(0)}).to(at::kDouble);
    const Tensor all = at::cat({gradient.unsqueeze(0), random});
    for (const Tensor& direction : (all / all.norm(2, 1, true)).unbind()) {
      const auto at_steps = [&](double steps) {
        move(steps * h * direction);
        const double there = value().item<double>();
        move(-steps * h * direction);
        return there;
      };
      const double slope = (8 * (at_steps(1) - at_steps(-1)) - (at_steps(2) - at_steps(-2))) / (12 * h);
      EXPECT_NEAR(slope, at::dot(gradient, direction).item<double>(), 0.01 * norm);
    }
  }
}

// d/dlogits of straight-through is what the decoder says at the hard code, times d soft / d logits.
TEST(StraightThrough, HasTheGradientAtTheHardCodeTimesThatOfTheSoftOne) {
  for (const Config& config : both_codes(Gradient::straight_through)) {
    Model model(config, small_images(), Noise(1));
    const Batch batch = images(6);
    Step step = training_step(0);
    const Loss loss = model.loss(batch, step);
    loss.total().backward();
    const Tensor gradient = gradient_of(model, "encoder");

    const Relaxed draws = relaxed_draws(model, config, batch, training_step(0));
    const Tensor z = draws.hard.clone().set_requires_grad(true);
    const Tensor reconstruction = reconstruction_of(model, z, batch.x);
    EXPECT_NEAR(term(loss, "reconstruction").item<double>(), reconstruction.item<double>(), 1e-4);
    reconstruction.backward();
    model.zero_grad();
    (z.grad() * draws.soft).sum().backward({}, /*retain_graph=*/true);
    const Tensor of_reconstruction = gradient_of(model, "encoder");
    code_of(config).kl(draws.logits, at::zeros_like(draws.logits)).mean().backward();
    const Tensor by_hand = gradient_of(model, "encoder");
    const double norm = of_reconstruction.norm().item<double>();
    EXPECT_GT(norm, 0.02);
    EXPECT_LT((gradient - by_hand).norm().item<double>(), 1e-3 * norm);
  }
}

}  // namespace
}  // namespace isthmus::models::discrete_vae
