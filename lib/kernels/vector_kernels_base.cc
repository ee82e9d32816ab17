// Vector kernels for every processor: registers of 4 floats, as SSE2 and NEON have them.
#include <cstddef>

#include "kernels/vector_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 4;
constexpr int kTileRows = 4, kTileColumns = 2, kLineTile = 4;

using Floats = float __attribute__((vector_size(16)));
using Ints = int32_t __attribute__((vector_size(16)));
using Bits = uint32_t __attribute__((vector_size(16)));

inline Floats fma(Floats a, Floats b, Floats c) { return a * b + c; }

inline Floats interleave_low(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}
inline Floats interleave_high(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}

#include "kernels/vector_kernels.inc"

}  // namespace

const VectorKernels kVectorBase = kTable;

}  // namespace phi::kernels
