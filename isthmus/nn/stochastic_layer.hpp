#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "isthmus/distributions/gaussian.hpp"
#include "isthmus/nn/mlp.hpp"

namespace isthmus::nn {

/// A layer u of latent variables on top of another, z: q(u|z) and p(z|u), diagonal Gaussians whose mean and
/// log-variance come from networks that mirror each other (Burda et al. 2016, section 2). Any dimensions may
/// come before the last.
class StochasticLayer final : public torch::nn::Module {
 public:
  StochasticLayer(int64_t below, const std::vector<int64_t>& hidden, int64_t above, Activation activation,
                  Noise& noise)
      : size(above),
        up_(std::make_shared<Mlp>(below, hidden, 2 * above, activation, noise)),
        down_(std::make_shared<Mlp>(above, std::vector(hidden.rbegin(), hidden.rend()), 2 * below, activation,
                                    noise)) {
    register_module("up", up_);
    register_module("down", down_);
  }

  GaussianParameters up(const Tensor& z) { return apply(*up_, z); }      ///< of q(u|z)
  GaussianParameters down(const Tensor& u) { return apply(*down_, u); }  ///< of p(z|u)

  const int64_t size;  ///< of u

 private:
  static GaussianParameters apply(Mlp& network, const Tensor& input) {
    const Tensor outputs = network.forward(input.reshape({-1, input.size(-1)}));
    auto sizes = input.sizes().vec();
    sizes.back() = outputs.size(-1);
    return distributions::gaussian::split(outputs.view(sizes));
  }

  std::shared_ptr<Mlp> up_, down_;
};

}  // namespace isthmus::nn
