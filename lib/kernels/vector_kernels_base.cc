// Vector kernels for every processor: registers of 4 floats, as SSE2 and NEON have them.
#include <cstddef>

#include "kernels/vector_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 4;
constexpr int kTileRows = 4, kTileColumns = 2;

using Floats = float __attribute__((vector_size(16)));
using Ints = int32_t __attribute__((vector_size(16)));
using Bits = uint32_t __attribute__((vector_size(16)));

inline Floats fma(Floats a, Floats b, Floats c) { return a * b + c; }

inline Floats load(const uint16_t* p) {
  uint16_t narrow __attribute__((vector_size(8)));
  __builtin_memcpy(&narrow, p, sizeof narrow);
  return (Floats)(__builtin_convertvector(narrow, Bits) << 16);
}

inline Floats load(const int8_t* p) {
  const Ints wide = {p[0], p[1], p[2], p[3]};
  return __builtin_convertvector(wide, Floats);
}

inline void store_bf16(uint16_t* p, Bits v) {
  for (int i = 0; i < kLanes; ++i) p[i] = static_cast<uint16_t>(v[i]);
}

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
