#include "ops/norm.h"

#include <algorithm>

#include "base/checked.h"

namespace phi::ops {

namespace {

constexpr int64_t kRowsPerTask = 2;  // some microseconds at Phi-4 size

}  // namespace

void rms_norm(const float* x, int64_t rows, std::span<const float> weight, float eps, float* y,
              const kernels::Kernels& kernels, const RunContext& run) {
  const auto n = static_cast<int64_t>(weight.size());
  run.parallel_for(ceil_div(rows, kRowsPerTask), [&](int64_t task, int) {
    if (run.stopped()) return;
    const int64_t end = std::min(rows, (task + 1) * kRowsPerTask);
    for (int64_t r = task * kRowsPerTask; r < end; ++r) {
      kernels.vector->rms_norm(x + r * n, weight.data(), n, eps, y + r * n);
    }
  });
}

}  // namespace phi::ops
