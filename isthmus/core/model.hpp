#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isthmus/core/noise.hpp"
#include "isthmus/core/torch.hpp"

namespace isthmus {

/// The shape of one example, without the batch: [channels, height, width] for images, [time, …] for
/// sequences.
using Shape = std::vector<int64_t>;

int64_t elements(const Shape& shape);
std::string shape_text(const Shape& shape);  ///< "1x28x28"
Shape batch_shape(int64_t n, Shape shape);   ///< [n, shape…]

/// What a model may know of its data when it is built.
struct DataSpec {
  Shape shape;
  int64_t classes = 0;  ///< 0 when the examples have no labels
  bool binary = false;  ///< every value is 0 or 1, as a Bernoulli likelihood needs
  bool unit = true;     ///< every value is from 0 to 1
  Tensor mean = {};     ///< mean training example, [shape], float32; may be undefined
};

struct Batch {
  Tensor x;            ///< [batch, shape…], float32: pixels from 0 to 1
  Tensor labels = {};  ///< [batch], int64; undefined when there are none

  int64_t size() const { return x.size(0); }
  Batch to(at::Device device) const;
};

/// All that varies from one training step to the next.
struct Step {
  int64_t index;
  Noise noise;
};

struct Loss {
  /// Means over the batch of sums over an example's dimensions (nats, or squared error). The first is
  /// minimised, the others are shown. Scalars.
  std::vector<std::pair<std::string_view, Tensor>> terms;
  /// Sums over the batch, detached, for after_step; added up over processes on the way.
  std::vector<Tensor> statistics = {};

  const Tensor& total() const { return terms.front().second; }
};

/// Every model. Built from its Config, a DataSpec and the Noise that its first weights are drawn from. What
/// else it can do is a capability below that it also inherits; metrics, pictures and commands ask for those
/// by dynamic_cast.
struct Model : torch::nn::Module {
  /// Pure: touches no state, so the same batch and step give the same number, bit for bit.
  virtual Loss loss(const Batch& batch, Step& step) = 0;

  /// Everything that changes besides the parameters (moving averages, dead codes) changes here.
  virtual void after_step(std::span<const Tensor> /*statistics*/) {}

  /// [batch, shape…]: what the model makes of x; probabilities or means, not draws.
  virtual Tensor reconstruct(const Batch& batch, Noise& noise) = 0;

  /// What is doubtful about its settings, to be told before a training: a sentence each.
  virtual std::vector<std::string> warnings() const { return {}; }
};

/// Where the model's parameters are; batches must be there too.
at::Device device_of(const Model& model);

struct Encoder {
  virtual ~Encoder() = default;
  /// [batch, shape…] → [batch, code]; the mean of q(z|x) where there is one.
  virtual Tensor encode(const Tensor& x) = 0;
};

struct Decoder {
  virtual ~Decoder() = default;
  /// [n, code] → [n, shape…]; probabilities or means.
  virtual Tensor decode(const Tensor& code) = 0;
  virtual int64_t code_size() const = 0;
};

struct Generator {
  virtual ~Generator() = default;
  /// n fresh examples, [n, shape…]: the mean of p(x|z) for z drawn from the prior.
  virtual Tensor sample(int64_t n, Noise& noise) = 0;
};

/// A model of log p(x) with latent variables. ELBO, L_k, NLL and effective sample size all come from
/// log_weights.
struct LatentVariable {
  virtual ~LatentVariable() = default;
  /// [k, batch], nats: log p(x, z) − log q(z|x) for k draws of z from q(z|x) for every example. Row b of
  /// `noise` serves example b alone, so splitting a batch changes nothing.
  virtual Tensor log_weights(const Batch& batch, int64_t k, Noise& noise) = 0;
  /// Why the numbers above are no log-likelihood of this data (grey pixels under a Bernoulli), when they are
  /// not.
  virtual std::optional<std::string> no_likelihood() const { return std::nullopt; }
};

/// A model with latent variables whose log p(x) needs no draws: z is integrated out in closed form (a linear
/// Gaussian decoder), or summed over its values (a small discrete code).
struct ExactLikelihood {
  virtual ~ExactLikelihood() = default;
  /// [batch], nats: log p(x).
  virtual Tensor log_likelihood(const Batch& batch) = 0;
  /// Why the model as it is set has none (a decoder with hidden layers, too many values of z to sum over);
  /// nullopt when it has one.
  virtual std::optional<std::string> no_exact_likelihood() const { return std::nullopt; }
};

/// A model that can be judged without its q(z|x): draws of z from the prior give log p(x) as well, with more
/// noise.
struct PriorProposal {
  virtual ~PriorProposal() = default;
  /// [k, batch], nats: log p(x|z) for k draws of z from the prior, fresh ones for every example. Noise as in
  /// LatentVariable::log_weights.
  virtual Tensor prior_log_weights(const Batch& batch, int64_t k, Noise& noise) = 0;
};

/// A model whose ELBO falls into what the code costs and what it explains.
struct RateDistortion {
  virtual ~RateDistortion() = default;
  struct Parts {
    Tensor rate;        ///< [k, batch], nats: log q(z|x) − log p(z)
    Tensor distortion;  ///< [k, batch], nats: −log p(x|z)
  };
  /// For k draws of z from q(z|x). On the same noise log_weights is −(rate + distortion).
  virtual Parts rate_distortion(const Batch& batch, int64_t k, Noise& noise) = 0;
};

/// A model whose ELBO can be taken under a q(z|x) that is not its encoder's answer: what is lost by asking an
/// encoder, instead of fitting q to each x, can then be measured.
struct RefinablePosterior {
  virtual ~RefinablePosterior() = default;
  /// What says q(z|x) for each example, [batch, …] each, free to take any value: as the encoder answers.
  virtual std::vector<Tensor> posterior_parameters(const Batch& batch) = 0;
  /// LatentVariable::log_weights with q said by `parameters`, differentiable in them.
  virtual Tensor log_weights_under(const std::vector<Tensor>& parameters, const Batch& batch, int64_t k,
                                   Noise& noise) = 0;
};

/// Mean and log-variance of a diagonal Gaussian, [batch, latent] each.
struct GaussianParameters {
  Tensor mean;
  Tensor log_variance;
};

/// A model whose q(z|x) is a diagonal Gaussian.
struct GaussianPosterior {
  virtual ~GaussianPosterior() = default;
  virtual GaussianParameters posterior(const Tensor& x) = 0;
  /// Whether the code's prior is N(0, I), so that a picture may walk it.
  virtual bool has_standard_prior() const { return true; }
};

/// A model of x given y, the class of x or a part of x. Its likelihoods are of what y leaves open.
struct Conditional {
  virtual ~Conditional() = default;
  /// [batch, shape…]: for each y one draw of the rest, the mean of p(x|z, y) for z from p(z|y). Of `given`
  /// only y is read: its labels, or the given part of its x, which is repeated in the answer.
  virtual Tensor sample_given(const Batch& given, Noise& noise) = 0;
  /// [shape…], 1 for the part of x that is given, 0 for what is predicted: all of x where y is its class.
  virtual Tensor given_part() const = 0;
  /// Classes that y may be; 0 where y is a part of x.
  virtual int64_t given_classes() const = 0;
};

/// A model that is trained to recover x from a damaged copy of it.
struct Denoiser {
  virtual ~Denoiser() = default;
  /// x as training damages it, [batch, shape…] → the same; row b of `noise` damages example b.
  virtual Tensor corrupt(const Tensor& x, Noise& noise) = 0;
};

/// A model with units that have a picture each: the weights between the unit and the pixels.
struct Filters {
  virtual ~Filters() = default;
  virtual Tensor filters() = 0;  ///< [units, channels, height, width]: one number a weight, of any sign
  /// [batch, shape…] → [batch, units]: how strongly each of these units takes part in x.
  virtual Tensor responses(const Tensor& x) = 0;
};

/// A model whose layers can be trained one after the other, from the data up (Bengio et al. 2007).
struct Layerwise {
  virtual ~Layerwise() = default;
  virtual int64_t layers() const = 0;
  /// Loss of layer `layer` (0 is next to the data) as an autoencoder of what the layers below make of x. Only
  /// that layer, and the decoder's layer opposite, get a gradient. Pure, as Model::loss is.
  virtual Loss layer_loss(int64_t layer, const Batch& batch, Step& step) = 0;
};

}  // namespace isthmus
