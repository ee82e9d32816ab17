/// The gate of the feed-forward network, spread over threads.
#ifndef PHI_OPS_ACTIVATION_H_
#define PHI_OPS_ACTIVATION_H_

#include <cstdint>

#include "base/run_context.h"
#include "kernels/dispatch.h"

namespace phi::ops {

/// gate_up [rows, 2n] f32 holds gate | up side by side; silu(gate) * up replaces the gate.
void swiglu_in_place(float* gate_up, int64_t rows, int64_t n, const kernels::Kernels& kernels,
                     const RunContext& run);

}  // namespace phi::ops

#endif  // PHI_OPS_ACTIVATION_H_
