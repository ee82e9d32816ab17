// Vector kernels for AVX2 with FMA: registers of 8 floats.
#include <immintrin.h>

#include <cstddef>

#include "kernels/vector_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 8;
constexpr int kTileRows = 6, kTileColumns = 2, kLineTile = 4;

using Floats = float __attribute__((vector_size(32)));
using Ints = int32_t __attribute__((vector_size(32)));
using Bits = uint32_t __attribute__((vector_size(32)));

inline Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }

inline Floats interleave_low(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
inline Floats interleave_high(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

#include "kernels/vector_kernels.inc"

}  // namespace

const VectorKernels kVectorAvx2 = kTable;

}  // namespace phi::kernels
