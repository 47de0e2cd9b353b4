#include "isthmus/nn/tied_mlp.hpp"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/gradients.hpp"

namespace isthmus::nn {
namespace {

std::shared_ptr<Mlp> encoder_of(int64_t inputs, const std::vector<int64_t>& hidden, int64_t code,
                                Activation activation) {
  Noise noise(1);
  return std::make_shared<Mlp>(inputs, hidden, code, activation, noise);
}

void set(const Tensor& parameter, const std::vector<double>& values) {
  const at::NoGradGuard no_grad;
  parameter.copy_(at::tensor(values, at::kDouble).view(parameter.sizes()));
}

// From one number of code over two units back to two inputs, by hand.
TEST(TiedMlp, IsTheEncodersWeightsTransposed) {
  const auto encoder = encoder_of(2, {2}, 1, Activation::tanh);
  TiedMlp decoder(encoder, Activation::tanh);
  auto up = encoder->named_parameters();
  auto down = decoder.named_parameters();
  set(up["layer0.weight"], {1, 2, 3, 4});
  set(up["layer1.weight"], {0.5, -1});
  set(up["layer0.bias"], {9, 9});  // the encoder's biases are no part of it
  set(down["layer0.bias"], {0.1, 0.2});
  set(down["layer1.bias"], {0.3, 0.4});
  const double first = std::tanh(2 * 0.5 + 0.1);
  const double second = std::tanh(2 * -1.0 + 0.2);
  const Tensor code = at::full({1, 1}, 2.0);
  const Tensor hidden = at::tensor({first, second}, at::kFloat);
  const Tensor expected = at::tensor({first + 3 * second + 0.3, 2 * first + 4 * second + 0.4}, at::kFloat);
  EXPECT_TRUE(decoder.forward(code)[0].allclose(expected, 1e-5, 1e-6));
  EXPECT_TRUE(decoder.layer(0, code)[0].allclose(hidden, 1e-5, 1e-6));
  EXPECT_TRUE(decoder.layer(1, decoder.layer(0, code)).equal(decoder.forward(code)));
  const auto all = decoder.activations(code);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].equal(decoder.layer(0, code)));
  EXPECT_TRUE(all[1].equal(decoder.forward(code)));
  EXPECT_TRUE(decoder.first_weight().equal(at::tensor({0.5, -1.0}, at::kFloat).view({2, 1})))
      << "[units, inputs] of its own first layer";

  set(up["layer1.weight"], {0, 0});
  EXPECT_TRUE(decoder.layer(0, code)[0].allclose(at::tensor({0.1, 0.2}, at::kFloat).tanh(), 1e-5, 1e-6))
      << "what the encoder learns, it learns";
}

TEST(TiedMlp, HasBiasesAloneUnderTheNamesOfAnMlp) {
  const auto encoder = encoder_of(6, {5, 4}, 3, Activation::relu);
  const TiedMlp decoder(encoder, Activation::relu);
  std::vector<std::string> names;
  for (const auto& item : decoder.named_parameters()) {
    names.push_back(item.key());
    EXPECT_EQ(item.value().abs().sum().item<double>(), 0) << item.key() << " is 0 at first";
  }
  EXPECT_EQ(names, (std::vector<std::string>{"layer0.bias", "layer1.bias", "layer2.bias"}));
  Noise noise(1);
  const auto mirrored = Mlp(3, std::vector<int64_t>{4, 5}, 6, Activation::relu, noise).named_parameters();
  for (const auto& item : decoder.named_parameters())
    EXPECT_EQ(item.value().sizes(), mirrored[item.key()].sizes()) << item.key();
  EXPECT_TRUE(decoder.output_bias().is_same(decoder.named_parameters()["layer2.bias"]));
}

// y = Wᵀ(Wx + b) + c, so d(v·y)/dW = (Wv)xᵀ, by which it encodes, + (Wx + b)vᵀ, by which it decodes.
TEST(TiedMlp, SumsTheGradientsOfBothUses) {
  const auto encoder = encoder_of(3, {}, 2, Activation::identity);
  TiedMlp decoder(encoder, Activation::identity);
  auto up = encoder->named_parameters();
  set(up["layer0.weight"], {1, -2, 0.5, 0, 3, 1});
  set(up["layer0.bias"], {0.25, -0.5});
  const Tensor x = at::tensor({1.0, 2.0, -1.0}, at::kFloat);
  const Tensor v = at::tensor({0.5, 1.0, 2.0}, at::kFloat);
  const Tensor w = up["layer0.weight"].detach();
  const Tensor code = w.mv(x) + up["layer0.bias"].detach();
  decoder.forward(encoder->forward(x.unsqueeze(0)))[0].dot(v).backward();
  const Tensor expected = at::outer(w.mv(v), x) + at::outer(code, v);
  EXPECT_TRUE(up["layer0.weight"].grad().allclose(expected, 1e-5, 1e-6));
  EXPECT_TRUE(up["layer0.bias"].grad().allclose(w.mv(v), 1e-5, 1e-6));
  EXPECT_TRUE(decoder.output_bias().grad().allclose(v));
}

TEST(TiedMlp, HasTheGradientsOfFiniteDifferences) {
  const auto encoder = encoder_of(4, {3}, 2, Activation::tanh);
  TiedMlp decoder(encoder, Activation::tanh);
  encoder->to(at::kDouble);
  decoder.to(at::kDouble);
  const Tensor x = Noise(3).uniform({5, 4}).to(at::kDouble);
  std::vector<Tensor> leaves = encoder->parameters();
  for (const Tensor& bias : decoder.parameters()) leaves.push_back(bias);
  test::check_gradients_of([&] { return (decoder.forward(encoder->forward(x)) - x).square().sum(); }, leaves);
}

}  // namespace
}  // namespace isthmus::nn
