#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "isthmus/core/field.hpp"
#include "isthmus/core/model.hpp"
#include "isthmus/nn/network.hpp"

namespace isthmus::nn {

enum class Likelihood { bernoulli, gaussian, discretised_logistic };
enum class Variance { fixed, scalar, per_pixel };

/// The words of an Observation; a model's Config takes them in by inlined<&Config::observation>().
struct ObservationConfig {
  Likelihood likelihood = Likelihood::bernoulli;
  Variance variance = Variance::scalar;
  double sigma = 0.2;

  static constexpr auto fields() {
    return std::tuple{
        field<&ObservationConfig::likelihood>("p(x|z): bernoulli for pixels 0 or 1, gaussian for numbers, "
                                              "discretised_logistic for 8-bit pixels"),
        field<&ObservationConfig::variance>("of gaussian and discretised_logistic: fixed, one number "
                                            "learned, or one a pixel from the decoder"),
        field<&ObservationConfig::sigma>("their standard deviation: the fixed one, or where learning starts",
                                         positive),
    };
  }
};

/// p(x|z): what the outputs of a decoder say of x. Likelihoods are normalised and in nats, in float32
/// whatever the precision of the decoder.
class Observation final : public torch::nn::Module {
 public:
  using Config = ObservationConfig;

  /// Throws UsageError for values outside of [0, 1] unless the likelihood is Gaussian. Grey pixels under a
  /// Bernoulli are taken, and no_likelihood() says that its numbers are then no log-likelihoods.
  Observation(const Config& config, const DataSpec& data);

  /// What the decoder must put out for one example: the shape of x, its first dimension doubled when the
  /// decoder also says the variance of every pixel (means first, then log-variances).
  Shape output_shape() const;

  /// Lets `decoder` start at the mean of the data, and at the variance of the Config.
  void start(Network& decoder) const;

  /// log p(x|z): outputs [rows, …], x [rows / repeat, …] → [rows]. Rows i·repeat … i·repeat + repeat − 1 of
  /// outputs belong to row i of x.
  Tensor log_prob(const Tensor& outputs, const Tensor& x, int64_t repeat = 1) const;

  /// The same of every x under every output: outputs [states, …], x [batch, …] → [batch, states]. Under a
  /// Bernoulli and a Gaussian one matrix product, in float64: the squares of a Gaussian are large and nearly
  /// cancel.
  Tensor log_prob_of_each(const Tensor& outputs, const Tensor& x) const;

  Tensor mean(const Tensor& outputs) const;                ///< E[x|z], [rows, shape…]
  Tensor draw(const Tensor& outputs, Noise& noise) const;  ///< x ~ p(x|z), [rows, shape…]

  /// Why log_prob is no likelihood of the data; nullopt when it is one.
  std::optional<std::string> no_likelihood() const;

  /// [], the logarithm of the variance (Gaussian) or of the scale (logistic): a parameter when it is learned,
  /// a buffer when it is fixed, undefined when there is none or the decoder says it.
  Tensor log_spread;

 private:
  /// First and second half of the outputs, [rows, d] each; the second is log_spread unless the decoder says
  /// it.
  struct Reading {
    Tensor location, log_spread;
  };
  Reading read(const Tensor& outputs) const;
  bool spread_from_decoder() const;

  Config config_;
  DataSpec data_;
  double first_log_spread_ = 0;
};

}  // namespace isthmus::nn
