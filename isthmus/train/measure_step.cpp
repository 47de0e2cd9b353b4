#include "isthmus/train/measure_step.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>

#include "isthmus/core/error.hpp"
#include "isthmus/ops/products.hpp"
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

/// A product or convolution, to be computed again on tensors of its own.
using Call = std::function<void()>;

/// A call of one of ours (ops/products.hpp); nothing when `name` is none of them.
Call call_of_ours(std::string_view name, const std::vector<c10::IValue>& inputs) {
  const auto t = [&](size_t i) { return inputs[i].toTensor(); };
  if (name == ops::layer_product_name) return [x = t(0), w = t(1)] { ops::layer_product(x, w); };
  if (name == ops::input_product_name) return [g = t(0), w = t(1)] { ops::input_product(g, w); };
  if (name == ops::weight_product_name) return [g = t(0), x = t(1)] { ops::weight_product(g, x); };
  if (name == ops::put_weight_product_name)
    return [p = t(0), holds = inputs[1].toBool(), g = t(2), x = t(3)] {
      ops::put_weight_product({p, holds}, g, x);
    };
  return {};
}

/// A call of one of torch's operators.
Call call_of_torch(const c10::OperatorName& name, std::vector<c10::IValue> inputs) {
  const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow(name.name.c_str(), name.overload_name.c_str());
  return [op, inputs = std::move(inputs)] {
    torch::jit::Stack stack = inputs;
    op.callBoxed(&stack);
  };
}

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
    static const std::set<std::string_view> torchs{"aten::mm",          "aten::addmm",
                                                   "aten::bmm",         "aten::baddbmm",
                                                   "aten::convolution", "aten::convolution_backward"};
    const auto name = function.operator_name();
    const bool of_torch =
        name && torchs.contains(name->name) && (name->overload_name.empty() || name->overload_name == "out");
    const bool ours = std::string_view(function.name()).starts_with("isthmus::");
    if (!of_torch && !ours) return nullptr;
    std::vector<c10::IValue> inputs;
    for (const c10::IValue& input : function.inputs())
      inputs.push_back(input.isTensor() && input.toTensor().defined() ? current->like(input.toTensor())
                                                                      : input);
    if (Call call = ours ? call_of_ours(function.name(), inputs) : call_of_torch(*name, std::move(inputs)))
      current->calls.push_back(std::move(call));
    return nullptr;
  }

  /// A tensor of the same layout, with numbers of a usual size; in the same memory where the step's tensors
  /// were, so that what the step finds near by (tied weights, say) is near here too.
  Tensor like(const Tensor& t) {
    const auto& storage = t.storage();
    Tensor& memory = stand_ins_[{storage.data(), storage.nbytes(), t.scalar_type()}];
    if (!memory.defined()) {
      const auto numbers = static_cast<int64_t>(storage.nbytes()) / t.element_size();
      memory = at::full({numbers}, 0.5, t.options().requires_grad(false));
    }
    return memory.as_strided(t.sizes(), t.strides(), t.storage_offset());
  }

  static thread_local Products* current;
  at::CallbackHandle handle_;
  std::map<std::tuple<const void*, size_t, at::ScalarType>, Tensor> stand_ins_;
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
    for (const Call& product : products) product();  // what the step finds in the caches is there then
    const auto start = Clock::now();
    for (const Call& product : products) product();
    return milliseconds_between(start, Clock::now());
  };

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
    if (std::ssize(bounds) * steps <= i * rounds) bounds.push_back(bound());
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
