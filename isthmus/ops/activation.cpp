#include "isthmus/ops/activation.hpp"

#include <stdexcept>

namespace isthmus::ops {

Tensor activate(const Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return at::relu(x);
    case Activation::tanh:
      return at::tanh(x);
    case Activation::sigmoid:
      return at::sigmoid(x);
    case Activation::softplus:
      return at::softplus(x);
  }
  throw std::logic_error("no such activation");
}

Tensor slope(const Tensor& y, Activation activation) {
  switch (activation) {
    case Activation::identity:
      return at::ones_like(y);
    case Activation::relu:
      return (y > 0).to(y.scalar_type());
    case Activation::tanh:
      return 1 - y * y;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::softplus:
      return -at::expm1(-y);
  }
  throw std::logic_error("no such activation");
}

}  // namespace isthmus::ops
