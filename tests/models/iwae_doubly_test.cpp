#include <cmath>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/models/iwae.hpp"

#include "tests/models/iwae.hpp"
#include "tests/support/gaussian_models.hpp"

namespace isthmus::models::iwae {
namespace {

using testing::draw_images;
using testing::loss_and_gradients;
using testing::ProbabilisticPca;
using testing::training_step;

TEST(DoublyReparameterised, ChangesNeitherTheLossNorTheDecodersGradient) {
  for (const auto& [standard, doubly] :
       {std::pair{one_layer(5), one_layer(5, Gradient::doubly_reparameterised)},
        std::pair{two_layers(5), two_layers(5, Gradient::doubly_reparameterised)}}) {
    const auto a = loss_and_gradients(*build(standard), draw_images(6), training_step(2));
    const auto b = loss_and_gradients(*build(doubly), draw_images(6), training_step(2));
    EXPECT_NEAR(a.loss, b.loss, 1e-6 * std::abs(a.loss));
    for (size_t i = 0; i < a.gradients.size(); ++i) {
      const auto& [name, gradient] = a.gradients[i];
      const bool of_q = name.starts_with("encoder") || name.find("up.") != std::string::npos;
      if (of_q)
        EXPECT_FALSE(gradient.allclose(b.gradients[i].second, 1e-3, 1e-5)) << name;
      else
        EXPECT_TRUE(gradient.allclose(b.gradients[i].second, 1e-4, 1e-6)) << name;
    }
  }
}

/// Mean and standard error of the gradients of q's parameters over fresh noise, one number a parameter.
struct Moments {
  Tensor mean, error;
};

Moments encoder_gradients(Model& model, const Batch& batch, int64_t repeats) {
  Tensor sum;
  Tensor squares;
  for (int64_t i = 0; i < repeats; ++i) {
    std::vector<Tensor> flat;
    for (const auto& [name, gradient] : loss_and_gradients(model, batch, training_step(i)).gradients)
      if (name.starts_with("encoder") || name.find("up.") != std::string::npos)
        flat.push_back(gradient.flatten().to(at::kDouble));
    const Tensor all = at::cat(flat);
    sum = i == 0 ? all : sum + all;
    squares = i == 0 ? all.square() : squares + all.square();
  }
  const auto n = static_cast<double>(repeats);
  const Tensor mean = sum / n;
  return {mean, ((squares / n - mean.square()).clamp_min(0) / n).sqrt()};
}

TEST(DoublyReparameterised, HasTheStandardGradientsMean) {
  constexpr int64_t repeats = 1500;
  for (const bool two : {false, true}) {
    const auto config = two ? two_layers : one_layer;
    const Batch batch = draw_images(4);
    const auto standard = encoder_gradients(*build(config(4, Gradient::standard)), batch, repeats);
    const auto doubly =
        encoder_gradients(*build(config(4, Gradient::doubly_reparameterised)), batch, repeats);
    const Tensor error = (standard.error.square() + doubly.error.square()).sqrt();
    const Tensor z = (standard.mean - doubly.mean) / (error + 1e-12);
    // Hundreds of parameters: the spread of z is 1 when the means agree. A factor w̃ too many or too few makes
    // the mean of the gradient another by a factor of about k.
    EXPECT_LT(z.square().mean().item<double>(), 1.5) << two;
    EXPECT_LT(z.abs().max().item<double>(), 5) << two;
    EXPECT_GT((standard.mean / (standard.error + 1e-12)).square().mean().item<double>(), 10)
        << "the gradient must stand out of its noise, or this test says nothing";
  }
}

TEST(DoublyReparameterised, IsQuietNearTheOptimum) {
  const ProbabilisticPca pca;
  const Batch batch{.x = pca.draw(16, 1)};
  const auto noise_of = [&](Gradient gradient) {
    const auto model = linear(16, gradient);
    ProbabilisticPca::move_posterior(*model, 0.02, 0.02);
    return encoder_gradients(*model, batch, 200).error.square().sum().item<double>();
  };
  const double standard = noise_of(Gradient::standard);
  const double doubly = noise_of(Gradient::doubly_reparameterised);
  EXPECT_LT(doubly, standard / 20);
}

// With the exact posterior every draw says the same: its gradient is 0, not only its mean (Roeder et al.
// 2017).
TEST(DoublyReparameterised, VanishesForEachDrawAtTheOptimum) {
  const ProbabilisticPca pca;
  const auto doubly = linear(3, Gradient::doubly_reparameterised);
  const auto standard = linear(3);
  const auto largest = [&](Model& model) {
    double most = 0;
    for (const auto& [name, gradient] :
         loss_and_gradients(model, {.x = pca.x.to(at::kFloat)}, training_step(0)).gradients)
      if (name.starts_with("encoder")) most = std::max(most, gradient.abs().max().item<double>());
    return most;
  };
  EXPECT_LT(largest(*doubly), 1e-4);
  EXPECT_GT(largest(*standard), 0.05);
}

TEST(DoublyReparameterised, LeavesEveryParameterTrainable) {
  const auto model = build(two_layers(3, Gradient::doubly_reparameterised));
  loss_and_gradients(*model, draw_images(2), training_step(0));
  for (const auto& item : model->named_parameters()) EXPECT_TRUE(item.value().requires_grad()) << item.key();
  const at::NoGradGuard no_grad;  // as a validation does
  Step step = training_step(0);
  EXPECT_TRUE(std::isfinite(model->loss(draw_images(2), step).total().item<double>()));
}

}  // namespace
}  // namespace isthmus::models::iwae
