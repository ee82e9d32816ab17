// Vector kernels for AVX2 with FMA: registers of 8 floats.
#include <immintrin.h>

#include <cstddef>

#include "kernels/vector_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 8;
constexpr int kTileRows = 6, kTileColumns = 2;

using Floats = float __attribute__((vector_size(32)));
using Bits = uint32_t __attribute__((vector_size(32)));

inline Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }

inline Floats load(const uint16_t* p) {
  const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
}

inline Floats load(const int8_t* p) {
  const __m128i narrow = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(narrow));
}

inline void store_bf16(uint16_t* p, Bits v) {
  const __m256i wide = (__m256i)v;
  const __m128i narrow =
      _mm_packus_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow);
}

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
