#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "isthmus/core/field.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/core/paper.hpp"
#include "isthmus/distributions/gaussian.hpp"
#include "isthmus/nn/backbone.hpp"
#include "isthmus/nn/condition.hpp"
#include "isthmus/nn/mlp.hpp"
#include "isthmus/nn/observation.hpp"
#include "isthmus/ops/batch_mean.hpp"

namespace isthmus::models::conditional_vae {

namespace gaussian = distributions::gaussian;

inline constexpr Paper paper{
    .authors = "Sohn et al.",
    .year = 2015,
    .title = "Learning Structured Output Representation using Deep Conditional Generative Models",
    .url =
        "https://papers.nips.cc/paper/5775-learning-structured-output-representation-using-deep-"
        "conditional-generative-models"};

inline constexpr std::string_view summary =
    "VAE of x given y, its class or a part of the image: many answers to a question that has more than one";

inline constexpr std::string_view idea =
    "Half of a digit does not say how it goes on: several digits begin alike, and each can be written in "
    "many hands. A network that predicts the rest in one go answers with the mean of all of them, which is a "
    "blur. Here y, what is given, is known to every part of a VAE: a code z is drawn from the prior p(z|y), "
    "and the rest of the image from p(x|z, y). The code settles what y leaves open, so each draw is one "
    "sharp answer and many draws show how sure the model is. Training draws z from q(z|x, y), which sees the "
    "answer too, and charges the nats by which it strays from p(z|y). With the class for y the code is left "
    "with what the classes share, style and slant, and any class can be asked for. Only what is not given "
    "counts in the likelihood.";

inline constexpr std::string_view equation =
    R"(\mathcal{L}(x \mid y) = -\mathbb{E}_{q(z|x,y)}\left[\log p(x|z,y)\right] + \mathrm{KL}(q(z|x,y) \,\Vert\, p(z|y)))";

enum class Prior { learned, standard };

struct Config {
  nn::Backbone backbone;
  int64_t latent = 20;
  nn::ConditionConfig condition;
  Prior prior = Prior::learned;
  nn::ObservationConfig observation;

  static constexpr auto fields() {
    return std::tuple{
        field<&Config::backbone>("encoder and decoder networks; `hidden` also of the learned prior's"),
        field<&Config::latent>("dimensions of the latent code z", positive),
        inlined<&Config::condition>(),
        field<&Config::prior>("p(z|y): a network of y, or a standard normal whatever y is"),
        inlined<&Config::observation>(),
    };
  }
};

/// z ~ p(z|y), a Gaussian from a network of y; x ~ p(x|z, y) from the decoder, which is given z and y side by
/// side; q(z|x, y) from the encoder. x is what y leaves open: the whole image where y is its class, else the
/// pixels that are not given, and they alone count in every likelihood.
class Model final : public isthmus::Model,
                    public Conditional,
                    public LatentVariable,
                    public PriorProposal,
                    public RateDistortion,
                    public RefinablePosterior {
 public:
  Model(const Config& config, const DataSpec& data, Noise noise)
      : condition_(config.condition, data),
        latent_(config.latent),
        convolutional_(config.backbone.kind == nn::Architecture::conv),
        observation_(std::make_shared<nn::Observation>(config.observation, condition_.hidden())) {
    if (convolutional_) nn::check_convolutions(config.backbone, data.shape);
    // Convolutions make the whole image, of which the given part is dropped.
    const nn::Observation whole(config.observation, data);
    const nn::Observation& made = convolutional_ ? whole : *observation_;
    encoder_ = nn::make_encoder(config.backbone, seen_shape(data.shape), 2 * latent_, noise);
    decoder_ = nn::make_decoder(config.backbone, latent_ + condition_.size(), made.output_shape(), noise);
    register_module("encoder", encoder_);
    register_module("decoder", decoder_);
    register_module("observation", observation_);
    made.start(*decoder_);
    if (config.prior == Prior::learned)
      prior_ =
          register_module("prior", std::make_shared<nn::Mlp>(condition_.size(), config.backbone.hidden,
                                                             2 * latent_, config.backbone.activation, noise));
  }

  /// One reparameterised draw of z, the KL in closed form (equation 4).
  Loss loss(const Batch& batch, Step& step) override {
    const Tensor y = condition_.rows(batch);
    const GaussianParameters q = posterior(batch, y);
    const Tensor z = gaussian::draw(q, 1, step.noise);
    const Tensor reconstruction = -ops::batch_mean(log_prob_given(batch.x, y, z));
    const Tensor kl = ops::batch_mean(gaussian::kl(q, prior(y)));
    return {{{"loss", reconstruction + kl}, {"reconstruction", reconstruction}, {"kl", kl}}};
  }

  Tensor log_weights(const Batch& batch, int64_t k, Noise& noise) override {
    const Parts parts = rate_distortion(batch, k, noise);
    return -(parts.rate + parts.distortion);
  }

  Parts rate_distortion(const Batch& batch, int64_t k, Noise& noise) override {
    const Tensor y = condition_.rows(batch);
    return parts_under(posterior(batch, y), batch.x, y, k, noise);
  }

  /// z from p(z|y).
  Tensor prior_log_weights(const Batch& batch, int64_t k, Noise& noise) override {
    const Tensor y = condition_.rows(batch);
    return log_prob_given(batch.x, y, gaussian::draw(prior(y), k, noise)).t();
  }

  std::vector<Tensor> posterior_parameters(const Batch& batch) override {
    const GaussianParameters q = posterior(batch, condition_.rows(batch));
    return {q.mean, q.log_variance};
  }

  Tensor log_weights_under(const std::vector<Tensor>& parameters, const Batch& batch, int64_t k,
                           Noise& noise) override {
    const GaussianParameters q{parameters[0], parameters[1]};
    const Parts parts = parts_under(q, batch.x, condition_.rows(batch), k, noise);
    return -(parts.rate + parts.distortion);
  }

  std::optional<std::string> no_likelihood() const override { return observation_->no_likelihood(); }

  Tensor sample_given(const Batch& given, Noise& noise) override {
    const Tensor y = condition_.rows(given);
    return condition_.completed(given, mean(y, gaussian::draw(prior(y), noise)));
  }
  Tensor given_part() const override { return condition_.part(); }
  int64_t given_classes() const override { return condition_.classes(); }

  /// What the mean of q(z|x, y) stands for.
  Tensor reconstruct(const Batch& batch, Noise&) override {
    const Tensor y = condition_.rows(batch);
    return condition_.completed(batch, mean(y, posterior(batch, y).mean));
  }

 private:
  /// What the encoder sees of an example: x, which holds y where y is a part of it, or x and its class, one
  /// channel a class before convolutions.
  Shape seen_shape(const Shape& shape) const {
    if (condition_.classes() == 0) return shape;
    if (!convolutional_) return {elements(shape) + condition_.size()};
    return {shape[0] + condition_.size(), shape[1], shape[2]};
  }

  GaussianParameters posterior(const Batch& batch, const Tensor& y) {
    if (condition_.classes() == 0) return gaussian::split(encoder_->forward(batch.x));
    if (!convolutional_) return gaussian::split(encoder_->forward(at::cat({batch.x.flatten(1), y}, 1)));
    const Tensor planes = y.unflatten(1, {-1, 1, 1}).expand({-1, -1, batch.x.size(2), batch.x.size(3)});
    return gaussian::split(encoder_->forward(at::cat({batch.x, planes}, 1)));
  }

  GaussianParameters prior(const Tensor& y) {
    if (prior_) return gaussian::split(prior_->forward(y));
    const Tensor zero = at::zeros({1, 1}, y.options()).expand({y.size(0), latent_});
    return {zero, zero};
  }

  Parts parts_under(const GaussianParameters& q, const Tensor& x, const Tensor& y, int64_t k, Noise& noise) {
    const auto each = [](const GaussianParameters& of) {
      return GaussianParameters{of.mean.unsqueeze(1), of.log_variance.unsqueeze(1)};
    };
    const Tensor z = gaussian::draw(q, k, noise);
    const Tensor rate = gaussian::log_prob(each(q), z) - gaussian::log_prob(each(prior(y)), z);
    return {.rate = rate.t(), .distortion = -log_prob_given(x, y, z).t()};
  }

  /// What the decoder says of the pixels that are not given: z [rows, latent], y [rows, …].
  Tensor outputs(const Tensor& z, const Tensor& y) {
    const Tensor made = decoder_->forward(at::cat({z, y}, 1));
    return convolutional_ ? condition_.hidden_of(made) : made;
  }

  /// log p(x|z, y): z [batch, k, latent] → [batch, k].
  Tensor log_prob_given(const Tensor& x, const Tensor& y, const Tensor& z) {
    const int64_t k = z.size(1);
    const Tensor made = outputs(z.flatten(0, 1), y.repeat_interleave(k, 0));
    return observation_->log_prob(made, condition_.hidden_of(x), k).view({-1, k});
  }

  Tensor mean(const Tensor& y, const Tensor& z) { return observation_->mean(outputs(z, y)); }

  nn::Condition condition_;
  int64_t latent_;
  bool convolutional_;
  std::shared_ptr<nn::Observation> observation_;
  std::shared_ptr<nn::Network> encoder_, decoder_;
  std::shared_ptr<nn::Mlp> prior_;  // none where p(z|y) is a standard normal
};

}  // namespace isthmus::models::conditional_vae
