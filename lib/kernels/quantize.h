/// Making stored types from f32, for weights that are converted when a model loads. Pure functions,
/// portable and deterministic: the same bits on every processor.
#ifndef PHI_KERNELS_QUANTIZE_H_
#define PHI_KERNELS_QUANTIZE_H_

#include <cstdint>

#include "base/dtype.h"

namespace phi::kernels {

/// Is `type` one that quantize_row makes? (f32, f16, bf16, q8_0, q8_256, q4_0, q4_k,
/// q6_k)
bool can_quantize(DType type) noexcept;

/// Writes src [n] as a row of `to`; n is a multiple of the block of `to`. Error{unsupported} for
/// types it does not make.
/// - f16, bf16: round to nearest even; beyond the range infinity, NaN stays NaN.
/// - q8_0: scale max|x| / 127 per block of 32, rounded to f16; codes x / scale, ties to even.
/// - q4_0, q6_k, q8_256: of a fixed set of candidate scales per group the one with the least
/// squared error.
/// - q4_k: scales and minima by least squared error, of each group and then of the whole block.
///
/// docs/quantization.md describes the searches. What blocks hold for values that are not finite is
/// unspecified, but the same everywhere.
void quantize_row(DType to, const float* src, void* dst, int64_t n);

/// f32 -> IEEE half, round to nearest even; exact subnormals, overflow to infinity.
uint16_t float_to_half(float value) noexcept;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_QUANTIZE_H_
