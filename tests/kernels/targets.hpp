#pragma once

#include <string>

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <omp.h>

namespace isthmus::kernels {

/// Runs `body` once for every instruction set of this machine that the kernels were compiled for.
template <class Body>
void on_every_target(const Body& body) {
  for (int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const int64_t target = left & -left;
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body();
    hwy::SetSupportedTargetsForTest(0);
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Runs `body` with this many threads, then sets the old number again.
template <class Body>
void with_threads(int threads, const Body& body) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  body();
  omp_set_num_threads(before);
}

}  // namespace isthmus::kernels
