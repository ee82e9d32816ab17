/// Matrix multiplication on weights that are held in strips (kernels/strip_kernels.h).
///
/// Few rows (generation, verification, short prompts) read every strip once, straight from memory,
/// up to 8 rows at a time. Many rows unpack 256 columns of two strips at a time into the level-1
/// cache and let all rows meet them. Both give a row the same bits.
#ifndef PHI_OPS_STRIP_LINEAR_H_
#define PHI_OPS_STRIP_LINEAR_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/run_context.h"
#include "kernels/strip_kernels.h"
#include "ops/linear_rows.h"

namespace phi::ops {

/// One matrix [rows, cols] in strips; its results begin at column first_output of y.
struct StripPart {
  DType dtype;
  const std::byte* data;
  int64_t rows, first_output;
};

/// Scratch of one call, 64-byte aligned.
struct StripScratch {
  std::byte* input;    ///< strip_input_bytes, for all workers
  std::byte* workers;  ///< strip_worker_bytes each
  int64_t worker_stride;
};
uint64_t strip_input_bytes(int64_t rows, int64_t cols);
uint64_t strip_worker_bytes(int64_t rows);

/// What all parts have in common.
struct StripCall {
  int64_t cols;
  const float* bias;  ///< by output, or null
  Store store;
  const kernels::StripKernels& kernels;
  StripScratch scratch;
};

/// y (+)= x * W^T for all parts as one parallel loop for each kind of activations.
void multiply_strips(std::span<const StripPart> parts, const StripCall& call,
                     const LinearRows& rows, const RunContext& run);

}  // namespace phi::ops

#endif  // PHI_OPS_STRIP_LINEAR_H_
