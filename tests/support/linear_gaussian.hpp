#pragma once

#include <cmath>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "isthmus/core/model.hpp"

#include "tests/support/small_data.hpp"

namespace isthmus::testing {

/// z ~ N(0, I), x|z ~ N(Wz + mu, s² I): evidence and posterior in closed form (Tipping & Bishop 1999). q(z|x)
/// is the exact posterior, moved by `shift` in every latent and widened by `widen`.
class LinearGaussian final : public Model, public LatentVariable, public Encoder, public PriorProposal {
 public:
  explicit LinearGaussian(double shift = 0, double widen = 1, int64_t pixels = 6, int64_t latent = 2)
      : shift_(shift), widen_(widen), latent_(latent) {
    Noise noise(7, Purpose::initialisation);
    weight_ = noise.normal({pixels, latent}).to(at::kDouble);
    mean_ = noise.normal({1, pixels}).to(at::kDouble);
    const Tensor precision = at::eye(latent, at::kDouble) + weight_.t().mm(weight_) / variance;
    covariance_ = precision.inverse();
    factor_ = at::linalg_cholesky(covariance_);
    evidence_covariance_ = weight_.mm(weight_.t()) + variance * at::eye(pixels, at::kDouble);
  }

  Loss loss(const Batch& batch, Step& step) override {
    return {.terms = {{"loss", -log_weights(batch, 1, step.noise).mean()}}};
  }
  Tensor reconstruct(const Batch& batch, Noise&) override { return encode(batch.x).mm(weight_.t()) + mean_; }

  Tensor encode(const Tensor& x) override {
    return (x.to(at::kDouble) - mean_).mm(weight_).mm(covariance_) / variance + shift_;
  }

  Tensor log_weights(const Batch& batch, int64_t k, Noise& noise) override {
    calls.push_back({batch.size(), k});
    const Tensor x = batch.x.to(at::kDouble);
    const Tensor e = noise.normal({batch.size(), k, latent_}).to(at::kDouble);
    const Tensor z = encode(x).unsqueeze(1) + widen_ * e.matmul(factor_.t());  // [batch, k, latent]
    const Tensor log_x = log_given(x, z);
    const Tensor log_z = -0.5 * z.square().sum(2);
    const Tensor log_q = -0.5 * e.square().sum(2) - static_cast<double>(latent_) * std::log(widen_) -
                         factor_.diag().log().sum();
    return (log_x + log_z - log_q).t();
  }

  Tensor prior_log_weights(const Batch& batch, int64_t k, Noise& noise) override {
    const Tensor z = noise.normal({batch.size(), k, latent_}).to(at::kDouble);
    return log_given(batch.x.to(at::kDouble), z).t();
  }

  std::optional<std::string> no_likelihood() const override { return refusal; }

  /// [batch], nats.
  Tensor log_evidence(const Tensor& x) const {
    const Tensor centred = x.to(at::kDouble) - mean_;
    const Tensor squares = (centred.mm(evidence_covariance_.inverse()) * centred).sum(1);
    return -0.5 * (squares + evidence_covariance_.logdet() +
                   static_cast<double>(x.size(1)) * std::log(2 * std::numbers::pi));
  }

  /// −E[log p(x)] over all x that the model may draw, nats: the entropy of a Gaussian.
  double entropy() const {
    return 0.5 * (evidence_covariance_.logdet().item<double>() +
                  static_cast<double>(mean_.size(1)) * (1 + std::log(2 * std::numbers::pi)));
  }

  /// KL(q ‖ posterior), nats, the same for every x: log p(x) − ELBO.
  double gap() const {
    const Tensor shift = at::full({latent_, 1}, shift_, at::kDouble);
    const auto latent = static_cast<double>(latent_);
    return 0.5 * (latent * (widen_ * widen_ - 1 - 2 * std::log(widen_)) +
                  shift.t().mm(covariance_.inverse()).mm(shift).item<double>());
  }

  /// n images drawn from the model, float32 as data are.
  Tensor draw(int64_t n, uint64_t seed) const {
    Noise noise(seed, Purpose::picture);
    const Tensor z = noise.normal({n, latent_}).to(at::kDouble);
    const Tensor x = z.mm(weight_.t()) + mean_ + std::sqrt(variance) * noise.normal({n, mean_.size(1)});
    return x.to(at::kFloat);
  }

  struct Call {
    int64_t images;
    int64_t draws;
  };
  std::vector<Call> calls;
  std::optional<std::string> refusal;

  static constexpr double variance = 0.5;

 private:
  /// log p(x|z): x [batch, pixels], z [batch, k, latent] → [batch, k].
  Tensor log_given(const Tensor& x, const Tensor& z) const {
    const Tensor residual = x.unsqueeze(1) - (z.matmul(weight_.t()) + mean_);
    return -0.5 * (residual.square().sum(2) / variance +
                   static_cast<double>(x.size(1)) * std::log(2 * std::numbers::pi * variance));
  }

  double shift_;
  double widen_;
  int64_t latent_;
  Tensor weight_;      // [pixels, latent]
  Tensor mean_;        // [1, pixels]
  Tensor covariance_;  // of the posterior
  Tensor factor_;      // its Cholesky factor
  Tensor evidence_covariance_;
};

/// A model that can do nothing but reconstruct: half of every pixel.
class Half final : public Model {
 public:
  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x / 2; }
};

}  // namespace isthmus::testing
