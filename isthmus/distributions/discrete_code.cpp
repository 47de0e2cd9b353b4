#include "isthmus/distributions/discrete_code.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus::distributions {

std::optional<int64_t> DiscreteCode::states(int64_t most) const {
  const int64_t values = std::max<int64_t>(categories, 2);
  int64_t product = 1;
  for (int64_t i = 0; i < variables; ++i) {
    if (product > most / values) return std::nullopt;
    product *= values;
  }
  return product;
}

Tensor DiscreteCode::all_states(int64_t most) const {
  const auto count = states(most);
  if (!count)
    throw UsageError({.who = "code",
                      .expected = fmt::format("one of at most {} values, to count them all", most),
                      .got = categories == 0
                                 ? fmt::format("{} Bernoulli variables", variables)
                                 : fmt::format("{} variables of {} categories each", variables, categories)});
  // Digit i of the state's number, in a system with as many digits as a variable has values.
  const int64_t values = std::max<int64_t>(categories, 2);
  Tensor number = at::arange(*count, at::kLong);
  std::vector<Tensor> digits;
  for (int64_t i = 0; i < variables; ++i) {
    digits.push_back(at::remainder(number, values));
    number = at::floor_divide(number, values);
  }
  const Tensor all = at::stack(digits, 1);  // [states, variables]
  if (categories == 0) return all.to(at::kFloat);
  return (all.unsqueeze(2) == at::arange(categories)).to(at::kFloat).flatten(1);
}

DiscreteCode::Terms DiscreteCode::terms(const Tensor& logits) const {
  if (categories == 0) return {logits, at::log_sigmoid(-logits)};
  return {at::log_softmax(apart(logits), -1).flatten(-2), {}};
}

Tensor DiscreteCode::log_prob(const Tensor& logits, const Tensor& z) const {
  const auto [when_one, rest] = terms(logits);
  const Tensor each = z * when_one;
  return (rest.defined() ? each + rest : each).sum(-1);
}

Tensor DiscreteCode::log_prob_of_each(const Tensor& logits, const Tensor& z) const {
  const auto [when_one, rest] = terms(logits);
  const Tensor sums = at::mm(when_one, z.t());
  return rest.defined() ? sums + rest.sum(-1, true) : sums;
}

Tensor DiscreteCode::kl(const Tensor& q_logits, const Tensor& p_logits) const {
  const auto q = terms(q_logits);
  const auto p = terms(p_logits);
  const Tensor each = mean(q_logits) * (q.when_one - p.when_one);
  return (q.rest.defined() ? each + q.rest - p.rest : each).sum(-1);
}

Tensor DiscreteCode::mean(const Tensor& logits) const {
  return categories == 0 ? at::sigmoid(logits) : at::softmax(apart(logits), -1).flatten(-2);
}

Tensor DiscreteCode::mode(const Tensor& logits) const {
  if (categories == 0) return (logits > 0).to(logits.scalar_type());
  const Tensor largest = apart(logits).argmax(-1, true);
  return at::zeros_like(apart(logits.detach())).scatter_(-1, largest, 1).flatten(-2);
}

Tensor DiscreteCode::draw(const Tensor& logits, int64_t k, Noise& noise) const {
  if (categories > 0) return mode(perturb(logits.detach(), k, noise));
  return noise.bernoulli(at::sigmoid(logits).unsqueeze(1).expand({-1, k, -1}));
}

Tensor DiscreteCode::perturb(const Tensor& logits, int64_t k, Noise& noise) const {
  const Tensor repeated = logits.unsqueeze(1).expand({-1, k, -1});
  const Tensor gumbel = noise.gumbel(repeated.sizes(), logits.device());
  if (categories > 0) return repeated + gumbel;
  return repeated + gumbel - noise.gumbel(repeated.sizes(), logits.device());  // a logistic variable
}

}  // namespace isthmus::distributions
