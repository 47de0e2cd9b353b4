#pragma once

// Include before <hwy/highway.h>. Kernels keep vectors in arrays and classes, which Arm's vectors of unknown
// length forbid; NEON serves those processors.
#undef HWY_DISABLED_TARGETS  // other headers of Highway give it a default
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
