// Vector kernels for AVX-512 (F, BW, DQ, VL): registers of 16 floats.
#include <immintrin.h>

#include <cstddef>

#include "kernels/vector_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 16;
constexpr int kTileRows = 6, kTileColumns = 4;

using Floats = float __attribute__((vector_size(64)));
using Ints = int32_t __attribute__((vector_size(64)));
using Bits = uint32_t __attribute__((vector_size(64)));

inline Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }

// The masked forms, because GCC 12 warns of its own header's uninitialised operand in the plain
// ones.
constexpr __mmask16 kAll = 0xffff;

inline Floats load(const uint16_t* p) {
  const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return (Floats)((Bits)_mm512_maskz_cvtepu16_epi32(kAll, narrow) << 16);
}

inline Floats load(const int8_t* p) {
  const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return __builtin_convertvector((Ints)_mm512_maskz_cvtepi8_epi32(kAll, narrow), Floats);
}

inline void store_bf16(uint16_t* p, Bits v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvtepi32_epi16(kAll, (__m512i)v));
}

inline Floats interleave_low(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Floats interleave_high(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
}

#include "kernels/vector_kernels.inc"

}  // namespace

const VectorKernels kVectorAvx512 = kTable;

}  // namespace phi::kernels
