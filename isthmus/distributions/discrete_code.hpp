#pragma once

#include <cstdint>
#include <optional>

#include "isthmus/core/noise.hpp"

namespace isthmus::distributions {

/// A code of independent discrete variables as a vector: a Bernoulli variable is one number, 0 or 1; a
/// categorical one is `categories` numbers, one of them 1. Logits are laid out alike, and those of a
/// categorical variable need not be normalised. Everything is in nats and broadcasts over the dimensions
/// before the last, which holds the `width()` numbers of a code.
struct DiscreteCode {
  int64_t variables = 1;
  int64_t categories = 0;  ///< of each variable; 0 for Bernoulli variables

  int64_t width() const { return categories == 0 ? variables : variables * categories; }

  /// How many values the code can take; nullopt when more than `most`.
  std::optional<int64_t> states(int64_t most) const;

  /// [states, width]: every value once. Throws UsageError when there are more than `most`.
  Tensor all_states(int64_t most) const;

  /// log p(z), [..., width] → [...].
  Tensor log_prob(const Tensor& logits, const Tensor& z) const;

  /// The same of every code under every row: logits [rows, width], z [states, width] → [rows, states].
  Tensor log_prob_of_each(const Tensor& logits, const Tensor& z) const;

  /// KL(q ‖ p), [..., width] → [...].
  Tensor kl(const Tensor& q_logits, const Tensor& p_logits) const;

  /// E[z], the shape of `logits`.
  Tensor mean(const Tensor& logits) const;

  /// The likeliest z, the shape of `logits`.
  Tensor mode(const Tensor& logits) const;

  /// [rows, width] → [rows, k, width]: k draws a row. Row b of the noise serves row b alone.
  Tensor draw(const Tensor& logits, int64_t k, Noise& noise) const;

  /// [rows, width] → [rows, k, width]: the logits with the noise whose arg-max is a draw, so mode() of them
  /// is a draw and mean() of them over a temperature is a relaxed one (Maddison et al. 2017; Jang et al.
  /// 2017). Differentiable in the logits.
  Tensor perturb(const Tensor& logits, int64_t k, Noise& noise) const;

 private:
  /// [..., width] → [..., variables, categories].
  Tensor apart(const Tensor& t) const { return t.unflatten(-1, {variables, categories}); }
  /// log p(z) = Σ z · when_one + rest, [..., width] each; `rest` is undefined where there is none.
  struct Terms {
    Tensor when_one;
    Tensor rest;
  };
  Terms terms(const Tensor& logits) const;
};

}  // namespace isthmus::distributions
