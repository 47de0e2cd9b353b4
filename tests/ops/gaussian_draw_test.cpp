#include "isthmus/ops/gaussian_draw.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/core/noise.hpp"
#include "isthmus/distributions/gaussian.hpp"
#include "isthmus/ops/fused.hpp"

#include "tests/support/gradients.hpp"

namespace isthmus::ops {
namespace {

namespace gaussian = distributions::gaussian;
using test::expect_near;
using Tensors = std::vector<Tensor>;

/// One number that both outputs enter with weights of their own.
template <class Draw>
Tensor weighed(const Draw& draw) {
  const auto& [z, nats] = draw;
  Noise noise(9);
  return (z * noise.normal(z.sizes()).to(z.scalar_type())).sum() +
         (nats * noise.normal(nats.sizes()).to(z.scalar_type())).sum();
}

TEST(GaussianDrawOp, IsItsReferenceForwardAndBackward) {
  for (const auto& [rows, k, latent] :
       {std::tuple{1, 1, 1}, {3, 4, 7}, {100, 1, 50}, {20, 50, 50}, {2, 3, 65}}) {
    Noise noise(1);
    const Tensor parameters = noise.normal({rows, 2 * latent});
    const Tensor one = noise.normal({rows, latent});
    const Tensor many = noise.normal({rows, k, latent});
    ASSERT_TRUE(eligible(parameters, one, many));
    for (const bool several : {false, true}) {
      const auto fused = [&](const Tensors& t) {
        return several ? weighed(draw_and_ratio(t[0], many)) : weighed(draw_and_kl(t[0], one));
      };
      const auto truth = [&](const Tensors& t) {
        return several ? weighed(reference::draw_and_ratio(t[0], many))
                       : weighed(reference::draw_and_kl(t[0], one));
      };
      expect_near(fused({parameters}), truth({parameters}), "value");
      expect_near(test::gradients_of(fused, {parameters})[0], test::gradients_of(truth, {parameters})[0],
                  "gradient");
    }
  }
}

TEST(GaussianDrawOp, TheReferenceHasTheGradientOfItsValue) {
  Noise noise(2);
  const Tensor parameters = noise.normal({3, 8}).to(at::kDouble);
  const Tensor one = noise.normal({3, 4}).to(at::kDouble);
  const Tensor many = noise.normal({3, 5, 4}).to(at::kDouble);
  test::check_gradients([&](const Tensors& t) { return weighed(draw_and_kl(t[0], one)); }, {parameters});
  test::check_gradients([&](const Tensors& t) { return weighed(draw_and_ratio(t[0], many)); }, {parameters});
}

TEST(GaussianDrawOp, SaysWhatTheDensitiesSay) {
  Noise noise(3);
  const Tensor parameters = noise.normal({3, 8});
  const GaussianParameters q = gaussian::split(parameters);
  const DrawAndKl one = draw_and_kl(parameters, noise.normal({3, 4}));
  EXPECT_TRUE(one.kl.allclose(gaussian::kl_to_standard(q), 1e-5, 1e-5));
  const DrawAndRatio many = draw_and_ratio(parameters, noise.normal({3, 5, 4}));
  const Tensor log_q = gaussian::log_prob({q.mean.unsqueeze(1), q.log_variance.unsqueeze(1)}, many.z);
  EXPECT_TRUE(many.log_ratio.allclose(gaussian::standard_log_prob(many.z) - log_q, 1e-5, 1e-5));
}

TEST(GaussianDrawOp, GivesNoiseThatIsAskedForItsGradientOne) {
  Noise noise(5);
  const Tensor parameters = noise.normal({3, 8});
  const Tensor epsilon = noise.normal({3, 4}).requires_grad_();
  const Tensor z = draw_and_kl(parameters, epsilon).z.sum();
  const Tensor sigma = at::exp(0.5 * parameters.narrow(1, 4, 4));
  EXPECT_TRUE(torch::autograd::grad({z}, {epsilon})[0].allclose(sigma));
}

// The contractive penalty and kin differentiate a gradient.
TEST(GaussianDrawOp, HasAGradientOfItsGradient) {
  Noise noise(4);
  const Tensor one = noise.normal({3, 4});
  const Tensor many = noise.normal({3, 5, 4});
  const Tensor start = noise.normal({3, 8});
  const auto twice = [&](const auto& draw, const Tensor& epsilon) {
    const Tensor parameters = start.clone().requires_grad_();
    const Tensor value = weighed(draw(parameters, epsilon)).square();
    const Tensor first = torch::autograd::grad({value}, {parameters}, {}, std::nullopt, true)[0];
    return torch::autograd::grad({first.square().sum()}, {parameters})[0];
  };
  expect_near(twice(draw_and_kl, one), twice(reference::draw_and_kl, one), "kl");
  expect_near(twice(draw_and_ratio, many), twice(reference::draw_and_ratio, many), "ratio");
}

TEST(GaussianDrawOp, RefusesShapesThatDoNotAgree) {
  EXPECT_THROW(draw_and_kl(at::zeros({3, 8}), at::zeros({3, 5})), Error);
  EXPECT_THROW(draw_and_ratio(at::zeros({3, 8}), at::zeros({3, 4})), Error);
}

}  // namespace
}  // namespace isthmus::ops
