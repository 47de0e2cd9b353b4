#include "isthmus/ops/sparse_linear.hpp"

#include <optional>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/noise.hpp"
#include "isthmus/ops/gradients_in_place.hpp"
#include "isthmus/ops/linear.hpp"
#include "isthmus/ops/top_k.hpp"

namespace isthmus::ops {
namespace {

/// A k-sparse autoencoder: one layer, the k largest of it, and the way back by the same weights.
struct TiedLayer {
  Tensor x, weight, up, down;

  TiedLayer() {
    Noise noise(1);
    x = noise.normal({30, 50});
    weight = noise.normal({160, 50}).requires_grad_();
    up = noise.normal({160}).requires_grad_();
    down = noise.normal({50}).requires_grad_();
  }
  std::vector<Tensor> parameters() const { return {weight, up, down}; }

  template <class Layer, class Keep>
  Tensor loss(const Layer& layer, const Keep& keep, int64_t k) const {
    const Tensor kept = keep(layer(x, weight, up, Activation::identity), k);
    return layer(kept, weight.t(), down, Activation::identity).square().sum();
  }
};

TEST(SparseLinear, IsTakenForFewKeptOfTiedWeightsAndElseNot) {
  const TiedLayer layer;
  const Tensor code = linear(layer.x, layer.weight, layer.up);
  EXPECT_TRUE(sparse_linear(keep_top_k(code, 10), layer.weight.t(), layer.down).defined());
  EXPECT_TRUE(sparse_linear(keep_top_k(code, 10), layer.weight.t(), {}).defined());
  EXPECT_FALSE(sparse_linear(keep_top_k(code, 11), layer.weight.t(), layer.down).defined())
      << "more than a part";
  EXPECT_FALSE(sparse_linear(2 * keep_top_k(code, 10), layer.weight.t(), layer.down).defined());
  EXPECT_FALSE(sparse_linear(code, layer.weight.t(), layer.down).defined());
  EXPECT_FALSE(sparse_linear(keep_top_k(code, 10), layer.weight.t().contiguous(), layer.down).defined())
      << "weights of one input that are not side by side";
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(sparse_linear(keep_top_k(code.detach(), 10), layer.weight.t(), layer.down).defined());
}

TEST(SparseLinear, IsItsReferenceForwardAndBackwardInPlaceOrNot) {
  for (const int64_t k : {1, 3, 10})
    for (const bool in_place : {false, true}) {
      const TiedLayer truth;
      const Tensor expected = truth.loss(reference::linear, reference::keep_top_k, k);
      expected.backward();
      const TiedLayer sparse;
      for (Tensor& parameter : sparse.parameters()) parameter.mutable_grad() = at::zeros_like(parameter);
      const void* held = sparse.weight.grad().data_ptr();
      std::optional<GradientsInPlace> scope;
      const auto parameters = sparse.parameters();
      if (in_place) scope.emplace(parameters);
      const Tensor loss = sparse.loss(linear, keep_top_k, k);
      loss.backward();
      if (in_place) scope->finish();
      EXPECT_EQ(sparse.weight.grad().data_ptr(), held);
      EXPECT_NEAR(loss.item<double>() / expected.item<double>(), 1, 1e-5);
      for (size_t i = 0; i < 3; ++i) {
        const Tensor gradient = truth.parameters()[i].grad();
        const double largest = gradient.abs().max().item<double>();
        EXPECT_TRUE(sparse.parameters()[i].grad().allclose(gradient, 1e-5, 1e-5 * largest))
            << i << ", k " << k;
      }
    }
}

// An image of nothing but 0 gives a code of biases, which may be 0 too; that the kept units can leave this
// point, their gradients must come through.
TEST(SparseLinear, SendsGradientsToKeptUnitsThatAreNought) {
  const Tensor weight = at::ones({64, 3}).requires_grad_();
  const Tensor code = at::zeros({2, 64}).requires_grad_();
  const Tensor y = sparse_linear(keep_top_k(code, 2), weight.t(), {});
  ASSERT_TRUE(y.defined());
  y.sum().backward();
  EXPECT_TRUE(code.grad().narrow(1, 0, 2).equal(at::full({2, 2}, 3.0F)));
  EXPECT_EQ(code.grad().narrow(1, 2, 62).abs().sum().item<float>(), 0);
}

TEST(SparseLinear, CanBeDifferentiatedAgain) {
  const auto second = [](const auto& layer, const auto& keep) {
    const TiedLayer tied;
    const auto first = torch::autograd::grad({tied.loss(layer, keep, 5)}, {tied.up}, {}, true, true);
    return torch::autograd::grad({first[0].square().sum()}, {tied.weight})[0];
  };
  const Tensor truth = second(reference::linear, reference::keep_top_k);
  EXPECT_TRUE(second(linear, keep_top_k).allclose(truth, 1e-4, 1e-5 * truth.abs().max().item<double>()));
}

TEST(SparseProduct, IsTheDenseOneAndLeavesOthersAlone) {
  Noise noise(3);
  const Tensor x = noise.normal({40, 30});
  const Tensor few = reference::keep_top_k(noise.normal({40, 96}), 4);
  const Tensor dense = at::mm(few.t(), x);
  const Tensor place = noise.normal({96, 30});
  const Tensor expected = place + dense;
  ASSERT_TRUE(put_sparse_product({place, true}, few, x));
  EXPECT_TRUE(place.allclose(expected, 1e-5, 1e-5));
  for (const bool holds : {false, true}) {
    EXPECT_FALSE(put_sparse_product({place, holds}, noise.normal({40, 96}), x)) << "dense";
    Tensor first_row_alone = noise.normal({40, 96});
    first_row_alone[0].zero_();
    EXPECT_FALSE(put_sparse_product({place, holds}, first_row_alone, x)) << "the first row is not all";
    EXPECT_FALSE(put_sparse_product({place.t().contiguous().t(), holds}, few, x)) << "not row after row";
    EXPECT_TRUE(place.allclose(expected, 1e-5, 1e-5)) << "a refusal changes nothing";
  }
  ASSERT_TRUE(put_sparse_product({place, false}, few, x));
  EXPECT_TRUE(place.allclose(dense, 1e-5, 1e-5));
}

}  // namespace
}  // namespace isthmus::ops
