#pragma once

// Include before <hwy/…>. Kernels keep vectors in arrays and classes, which Arm's vectors of unknown length
// forbid; NEON serves those processors.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
