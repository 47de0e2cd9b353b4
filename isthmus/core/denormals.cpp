#include "isthmus/core/denormals.hpp"

#include "isthmus/core/torch.hpp"

namespace isthmus {

void flush_denormals() {
  at::Context::setFlushDenormal(true);
}

}  // namespace isthmus
