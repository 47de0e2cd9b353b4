#include "isthmus/ops/jacobian.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "isthmus/core/error.hpp"
#include "isthmus/ops/shape_text.hpp"

namespace isthmus::ops {
namespace {

/// The cotangents first … first + count − 1 of examples from … from + examples − 1: [count, examples, code].
using Cotangents = std::function<Tensor(int64_t first, int64_t count, int64_t from, int64_t examples)>;

constexpr int64_t share(int64_t whole, int64_t parts) {
  return (whole + parts - 1) / parts;
}

/// Number of code units, told from one example.
int64_t code_size(const Encoding& f, const Tensor& x) {
  const at::NoGradGuard no_grad;
  const Tensor code = f(x.narrow(0, 0, 1));
  if (code.dim() != 2 || code.size(0) != 1)
    throw Error({.who = "jacobian",
                 .expected = "a code of shape [batch, code]",
                 .got = fmt::format("{} of one example", shape_text(code)),
                 .hint = "flatten(1)"});
  return code.size(1);
}

/// Σ over `count` cotangents of ‖cotangentᵀ ∂f/∂x‖², [batch].
Tensor sum_of_squares(const Encoding& f, const Tensor& x, int64_t count, int64_t most_rows,
                      const Cotangents& cotangents) {
  const bool graph = at::GradMode::is_enabled();
  const at::AutoGradMode follow(true);
  std::vector<Tensor> sums;
  for (int64_t from = 0; from < x.size(0); from += most_rows) {
    const int64_t examples = std::min(most_rows, x.size(0) - from);
    // As many copies of the batch as there is room for, all of them used in every pass.
    const int64_t copies = share(count, share(count, std::max<int64_t>(1, most_rows / examples)));
    std::vector<int64_t> times(static_cast<size_t>(x.dim()), 1);
    times[0] = copies;
    Tensor input = x.narrow(0, from, examples).repeat(times);
    if (!graph || !input.requires_grad()) input = input.detach().set_requires_grad(true);
    const Tensor code = f(input);
    if (!code.requires_grad())
      throw Error({.who = "jacobian",
                   .expected = "a code that autograd can follow back to x",
                   .got = "one without a graph",
                   .hint = "an encoder that does not detach, round or look up"});
    Tensor sum;
    for (int64_t first = 0; first < count; first += copies) {
      const int64_t some = std::min(copies, count - first);
      Tensor cotangent = cotangents(first, some, from, examples);
      if (some < copies)  // the copies that are left over are sent nothing
        cotangent = at::cat({cotangent, cotangent.new_zeros({copies - some, examples, code.size(1)})});
      const Tensor product =
          torch::autograd::grad({code}, {input}, {cotangent.flatten(0, 1).to(code.options())},
                                /*retain_graph=*/true, /*create_graph=*/graph, /*allow_unused=*/true)[0];
      if (!product.defined()) break;  // the code does not depend on x
      const Tensor squares = product.reshape({copies, examples, -1}).square().sum({0, 2});
      sum = sum.defined() ? sum + squares : squares;
    }
    sums.push_back(sum.defined() ? sum : at::zeros({examples}, x.options()));
  }
  return sums.size() == 1 ? sums.front() : at::cat(sums);
}

void check(const Tensor& x, int64_t probes, int64_t rows) {
  if (x.dim() < 2 || x.size(0) < 1 || probes < 1 || rows < 1)
    throw Error({.who = "jacobian",
                 .expected = "examples [batch, shape…], one probe or more and one row or more",
                 .got = fmt::format("{}, {} probes, {} rows", shape_text(x), probes, rows)});
}

}  // namespace

Tensor squared_jacobian_norm(const Encoding& f, const Tensor& x, int64_t rows) {
  check(x, 1, rows);
  const int64_t units = code_size(f, x);
  const Tensor one_each = at::eye(units, x.options());
  return sum_of_squares(f, x, units, rows, [&](int64_t first, int64_t count, int64_t, int64_t examples) {
    return one_each.narrow(0, first, count).unsqueeze(1).expand({count, examples, units});
  });
}

Tensor estimate_squared_jacobian_norm(const Encoding& f, const Tensor& x, Noise& noise, int64_t probes,
                                      int64_t rows) {
  check(x, probes, rows);
  const int64_t units = code_size(f, x);
  const Tensor signs =
      noise.bernoulli(at::full({x.size(0), probes, units}, 0.5F)).to(x.device()).mul_(2).sub_(1);
  const auto some = [&](int64_t first, int64_t count, int64_t from, int64_t examples) {
    return signs.narrow(0, from, examples).narrow(1, first, count).transpose(0, 1);
  };
  return sum_of_squares(f, x, probes, rows, some) / static_cast<double>(probes);
}

}  // namespace isthmus::ops
