#include "ops/activation.h"

#include <algorithm>

#include "base/checked.h"

namespace phi::ops {

namespace {

// Some microseconds. A single row of the usual models is one piece: waking a thread would take
// longer.
constexpr int64_t kPiece = 32768;

}  // namespace

void swiglu_in_place(float* gate_up, int64_t rows, int64_t n, const kernels::Kernels& kernels,
                     const RunContext& run) {
  const int64_t pieces = ceil_div(n, kPiece);
  run.parallel_for(rows * pieces, [&](int64_t task, int) {
    if (run.stopped()) return;
    const int64_t first = task % pieces * kPiece;
    float* gate = gate_up + task / pieces * 2 * n + first;
    kernels.vector->swiglu(gate, gate + n, std::min(kPiece, n - first), gate);
  });
}

}  // namespace phi::ops
