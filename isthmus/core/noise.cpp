#include "isthmus/core/noise.hpp"

#include <span>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"
#include "isthmus/kernels/philox.hpp"

namespace isthmus {

Noise::Noise(uint64_t seed, Purpose purpose, int64_t step, int64_t first_row)
    : seed_(seed),
      purpose_(static_cast<uint32_t>(purpose)),
      step_(static_cast<uint32_t>(step)),
      first_row_(first_row) {}

uint32_t Noise::next_stream() {
  constexpr uint32_t streams = uint32_t{1} << 20;
  if (drawn_ == streams)
    throw Error({.who = "noise",
                 .expected = fmt::format("at most {} draws of one Noise", streams),
                 .got = "one more, which would be another purpose's",
                 .hint = "a Noise for each step"});
  return (purpose_ << 20) | drawn_++;
}

template <class Fill>
void Noise::fill(const Tensor& out, const Fill& with) {
  const int64_t rows = out.dim() == 0 ? 1 : out.size(0);
  const int64_t columns = rows == 0 ? 0 : out.numel() / rows;
  const std::span<float> numbers(out.mutable_data_ptr<float>(), static_cast<size_t>(out.numel()));
  with(numbers, rows, columns, kernels::NoiseKey{seed_, next_stream(), step_}, first_row_);
}

template <class Fill>
Tensor Noise::draw(at::IntArrayRef shape, at::Device device, const Fill& with) {
  const Tensor out = at::empty(shape, at::kFloat);
  fill(out, with);
  return device.is_cpu() ? out : out.to(device);
}

Tensor Noise::normal(at::IntArrayRef shape, at::Device device) {
  return draw(shape, device, kernels::fill_normal);
}

Tensor Noise::uniform(at::IntArrayRef shape, at::Device device) {
  return draw(shape, device, kernels::fill_uniform);
}

Tensor Noise::gumbel(at::IntArrayRef shape, at::Device device) {
  return draw(shape, device, kernels::fill_gumbel);
}

Tensor Noise::bernoulli(const Tensor& probabilities) {
  const Tensor p = probabilities.detach().to(at::kCPU, at::kFloat).contiguous();
  const std::span<const float> each(p.const_data_ptr<float>(), static_cast<size_t>(p.numel()));
  return draw(p.sizes(), probabilities.device(),
              [&](std::span<float> out, int64_t rows, int64_t columns, auto key, int64_t first) {
                kernels::fill_bernoulli(out, each, rows, columns, key, first);
              });
}

void Noise::bernoulli_(const Tensor& probabilities) {
  if (!probabilities.is_cpu() || probabilities.scalar_type() != at::kFloat || !probabilities.is_contiguous())
    throw Error({.who = "noise",
                 .expected = "contiguous float32 probabilities on the CPU, to draw in place",
                 .got = fmt::format("{} on {}{}", probabilities.dtype().name(), probabilities.device().str(),
                                    probabilities.is_contiguous() ? "" : " with gaps"),
                 .hint = "bernoulli()"});
  fill(probabilities, [](std::span<float> each, int64_t rows, int64_t columns, auto key, int64_t first) {
    kernels::fill_bernoulli(each, each, rows, columns, key, first);
  });
}

std::vector<int64_t> Noise::permutation(int64_t n) {
  return kernels::permutation(n, kernels::NoiseKey{seed_, next_stream(), step_});
}

}  // namespace isthmus
