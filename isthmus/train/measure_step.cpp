#include "isthmus/train/measure_step.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>

#include "isthmus/core/error.hpp"
#include "isthmus/train/fit.hpp"
#include "isthmus/train/loader.hpp"

namespace isthmus::train {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

double median_of(std::vector<double> numbers) {
  const auto middle = numbers.begin() + std::ssize(numbers) / 2;
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

/// A tensor of the same layout, with numbers of a usual size.
Tensor like(const Tensor& t) {
  const Tensor fresh = at::empty_strided(t.sizes(), t.strides(), t.options().requires_grad(false));
  return fresh.fill_(0.5);
}

/// One call of an operator, to be made again on tensors of its own.
struct Call {
  c10::OperatorHandle op;
  std::vector<c10::IValue> inputs;

  void repeat() const {
    torch::jit::Stack stack = inputs;
    op.callBoxed(&stack);
  }
};

/// Collects the matrix products and convolutions that this thread computes while it lives.
class Products {
 public:
  Products() {
    current = this;
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(&seen).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  }
  ~Products() {
    at::removeCallback(handle_);
    current = nullptr;
  }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  std::vector<Call> calls;

 private:
  static std::unique_ptr<at::ObserverContext> seen(const at::RecordFunction& function) {
    static const std::set<std::string> products{"aten::mm",          "aten::addmm",
                                                "aten::bmm",         "aten::baddbmm",
                                                "aten::convolution", "aten::convolution_backward",
                                                "isthmus::bf16_mm",  "isthmus::bf16_addmm"};
    const auto name = function.operator_name();
    if (!name || !products.contains(name->name)) return nullptr;
    if (!name->overload_name.empty() && name->overload_name != "out") return nullptr;
    Call call{c10::Dispatcher::singleton().findSchemaOrThrow(name->name.c_str(), name->overload_name.c_str()),
              {}};
    for (const c10::IValue& input : function.inputs())
      call.inputs.push_back(input.isTensor() && input.toTensor().defined() ? like(input.toTensor()) : input);
    current->calls.push_back(std::move(call));
    return nullptr;
  }

  static thread_local Products* current;
  at::CallbackHandle handle_;
};

thread_local Products* Products::current = nullptr;

}  // namespace

StepTimes measure_step(Training& training, int64_t steps, int64_t warm_up, int64_t rounds,
                       const std::function<void(int64_t steps)>& each) {
  if (steps < 1 || rounds < 1)
    throw UsageError({.who = "measure_step", .expected = "1 step and 1 round or more", .got = "fewer"});
  const auto device = device_of(training.model());
  Loader loader(*training.data().train, training.data().config.binarise, training.config().batch,
                static_cast<uint64_t>(training.recipe().run().seed), training.step(), device);
  training.model().train();
  for (int64_t i = 0; i < warm_up; ++i) take_step(training, loader.next().to(device));

  std::vector<Call> products;
  {
    Products recorded;
    take_step(training, loader.next().to(device));
    products = std::move(recorded.calls);
  }
  const auto bound = [&] {
    const at::NoGradGuard no_grad;
    const auto start = Clock::now();
    for (const Call& product : products) product.repeat();
    return milliseconds_between(start, Clock::now());
  };
  bound();

  double loss = 0;
  std::vector<double> whole;
  std::vector<double> data;
  std::vector<double> parts[3];
  std::vector<double> bounds;
  for (int64_t i = 0; i < steps; ++i) {
    const auto start = Clock::now();
    const Batch batch = loader.next().to(device);
    auto last = Clock::now();
    data.push_back(milliseconds_between(start, last));
    const Terms terms = take_step(training, batch, [&](Part part) {
      const auto now = Clock::now();
      parts[static_cast<size_t>(part)].push_back(milliseconds_between(last, now));
      last = now;
    });
    loss += terms.front().second / static_cast<double>(steps);
    whole.push_back(milliseconds_between(start, last));
    if (std::max<int64_t>(1, steps / rounds) * std::ssize(bounds) <= i) bounds.push_back(bound());
    each(i + 1);
  }
  return {.steps = steps,
          .median = median_of(whole),
          .minimum = std::ranges::min(whole),
          .data = median_of(data),
          .forward = median_of(parts[0]),
          .backward = median_of(parts[1]),
          .optimiser = median_of(parts[2]),
          .bound = median_of(bounds),
          .products = std::ssize(products),
          .loss = loss};
}

}  // namespace isthmus::train
