#pragma once

namespace isthmus::kernels {

enum class Vendor { intel, other_x86, other };

/// Who made the processor that this runs on: libraries tell by it which of their kernels to take.
Vendor vendor();

}  // namespace isthmus::kernels
