/// Loops that do nothing but multiply and add, one per element type and instruction set.
#ifndef PHI_BENCH_ROOF_KERNELS_H_
#define PHI_BENCH_ROOF_KERNELS_H_

#include <cstdint>

namespace phi::bench {

/// Runs `rounds` rounds, each of PeakKernel::operations_per_round.
using PeakLoop = void (*)(int64_t rounds);

struct PeakKernel {
  PeakLoop loop = nullptr;  ///< null: the processor has no such instructions
  double operations_per_round = 0;
  const char* instructions = "none";
};

/// The best that this processor can run.
PeakKernel best_int8_kernel();
PeakKernel best_bf16_kernel();
PeakKernel best_f32_kernel();

}  // namespace phi::bench

#endif  // PHI_BENCH_ROOF_KERNELS_H_
