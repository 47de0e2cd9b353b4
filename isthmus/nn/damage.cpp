#include "isthmus/nn/damage.hpp"

namespace isthmus::nn {

Tensor damaged(Model& model, const Damage& damage, const Tensor& x, uint64_t seed, int64_t first) {
  Noise noise(seed, Purpose::corrupt, Noise::no_step, first);
  if (auto* denoiser = dynamic_cast<Denoiser*>(&model); denoiser != nullptr && damage.own)
    return denoiser->corrupt(x, noise);
  return corrupt(x, damage.corruption, noise);
}

}  // namespace isthmus::nn
