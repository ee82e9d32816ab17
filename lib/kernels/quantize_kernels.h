/// Making blocks of low-bit types from f32. A table of plain functions, one table per instruction
/// set, all with the same bits; dispatch.h chooses.
#ifndef PHI_KERNELS_QUANTIZE_KERNELS_H_
#define PHI_KERNELS_QUANTIZE_KERNELS_H_

#include <cstdint>

namespace phi::kernels {

struct QuantizeKernels {
  /// src [n] becomes the blocks of a row; n is a multiple of the block. quantize.h tells how each
  /// type chooses its scales.
  using QuantizeRow = void (*)(const float* src, void* dst, int64_t n);
  QuantizeRow q8_0, q4_0, q4_k, q6_k, q8_256;
};

/// Those above base exist on x86-64 only.
extern const QuantizeKernels kQuantizeBase, kQuantizeAvx2, kQuantizeAvx512;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_QUANTIZE_KERNELS_H_
