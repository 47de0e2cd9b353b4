#pragma once

#include <vector>

#include "isthmus/core/subject.hpp"

#include "tests/support/small_data.hpp"

namespace isthmus::testing {

/// Codes are the first `code` pixels; decoded, they are the first pixels of an image that is 0.25 elsewhere.
/// Samples are all 1, reconstructions half of x.
class TinyAutoencoder : public Model, public Encoder, public Decoder, public Generator {
 public:
  explicit TinyAutoencoder(int64_t code = 3, const Shape& shape = {1, 2, 4}) : code_(code), shape_(shape) {}

  Loss loss(const Batch& batch, Step&) override { return {.terms = {{"loss", batch.x.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x / 2; }
  Tensor encode(const Tensor& x) override { return x.flatten(1).narrow(1, 0, code_); }
  Tensor decode(const Tensor& code) override {
    const Tensor rest = at::full({code.size(0), elements(shape_) - code_}, 0.25, code.options());
    return at::cat({code, rest}, 1).view(sizes(code.size(0)));
  }
  int64_t code_size() const override { return code_; }
  Tensor sample(int64_t n, Noise&) override { return at::ones(sizes(n)); }

 private:
  std::vector<int64_t> sizes(int64_t n) const {
    std::vector<int64_t> all{n};
    all.insert(all.end(), shape_.begin(), shape_.end());
    return all;
  }

  int64_t code_;
  Shape shape_;
};

/// The same with a Gaussian q(z|x), so its prior is a standard normal.
class TinyGaussian final : public TinyAutoencoder, public GaussianPosterior {
 public:
  using TinyAutoencoder::TinyAutoencoder;
  GaussianParameters posterior(const Tensor& x) override { return {encode(x), at::zeros_like(encode(x))}; }
};

/// The same, trained on x + 1.
class TinyDenoiser final : public TinyAutoencoder, public Denoiser {
 public:
  using TinyAutoencoder::TinyAutoencoder;
  Tensor corrupt(const Tensor& x, Noise&) override { return x + 1; }
};

/// The same with these filters; unit u responds with the first pixel times `gains`[u].
class TinyFilters final : public TinyAutoencoder, public Filters {
 public:
  TinyFilters(const Tensor& weights, const Tensor& gains) : weights_(weights), gains_(gains) {}
  Tensor filters() override { return weights_; }
  Tensor responses(const Tensor& x) override { return x.flatten(1).narrow(1, 0, 1) * gains_; }

 private:
  Tensor weights_;
  Tensor gains_;
};

/// Given one of `classes` classes, images of class/10 throughout; given none, the left half of an image, 0.75
/// in the right half.
class TinyConditional final : public TinyAutoencoder, public Conditional {
 public:
  explicit TinyConditional(int64_t classes) : classes_(classes) {}
  Tensor sample_given(const Batch& given, Noise&) override {
    if (classes_ == 0) return given.x * given_part() + 0.75 * (1 - given_part());
    return (given.labels / 10.0).to(at::kFloat).view({-1, 1, 1, 1}).expand({-1, 1, 2, 4});
  }
  Tensor given_part() const override {
    Tensor part = at::zeros({1, 2, 4});
    if (classes_ == 0) part.narrow(2, 0, 2).fill_(1);
    return part;
  }
  int64_t given_classes() const override { return classes_; }

 private:
  int64_t classes_;
};

/// `n` images of 1×2×4 pixels from 0 to 1.
inline Data tiny_images(int64_t n, const std::vector<int64_t>& labels = {}) {
  return small_data(Noise(3, Purpose::picture).uniform({n, 1, 2, 4}), labels);
}

}  // namespace isthmus::testing
