/// Scores to the weights that tokens are drawn by. Every instruction set gives the same bits: IEEE
/// additions, multiplications and divisions only, none of them fused (docs/sampling.md).
#ifndef PHI_KERNELS_WEIGHING_KERNELS_H_
#define PHI_KERNELS_WEIGHING_KERNELS_H_

#include <cstdint>

namespace phi::kernels {

/// The least exponent whose weight counts.
inline constexpr double kLeastExponent = -700.0;

struct WeighingKernels {
  /// weights[i] = exp((scores[i] - highest) / temperature), all [count]; 0 where the exponent is
  /// below kLeastExponent or NaN. No score is above `highest`.
  void (*weigh)(const float* scores, int64_t count, double highest, double temperature,
                double* weights);
};

extern const WeighingKernels kWeighingBase, kWeighingAvx2, kWeighingAvx512;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_WEIGHING_KERNELS_H_
