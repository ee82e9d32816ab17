/// RMSNorm of rows, spread over threads.
#ifndef PHI_OPS_NORM_H_
#define PHI_OPS_NORM_H_

#include <cstdint>
#include <span>

#include "base/run_context.h"
#include "kernels/dispatch.h"

namespace phi::ops {

/// y[r] = x[r] / sqrt(mean(x[r]^2) + eps) * weight: x, y [rows, n] f32, dense; n = weight.size().
void rms_norm(const float* x, int64_t rows, std::span<const float> weight, float eps, float* y,
              const kernels::Kernels& kernels, const RunContext& run);

}  // namespace phi::ops

#endif  // PHI_OPS_NORM_H_
