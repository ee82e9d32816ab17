#include "roof_kernels.h"

#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace phi::bench {

namespace {

// Enough independent sums to cover the latency of a multiply-add on two ports.
constexpr int kSums = 12;

// An empty asm that seems to change a vector register: without it the optimiser would see that all
// sums are equal, that the products never change, and that nobody reads them.
#if defined(__x86_64__)
#define PHI_HIDE(value) asm volatile("" : "+v"(value))
#elif defined(__aarch64__)
#define PHI_HIDE(value) asm volatile("" : "+w"(value))
#else
#define PHI_HIDE(value) asm volatile("" : "+m"(value))
#endif

// The loop of every kernel: kSums sums in registers, each of which takes one product per round.
// `add_product` is an expression in `sum`, `a` and `b`. A macro, since functions of an instruction
// set cannot be inlined into a template that is compiled without it.
#define PHI_PEAK_LOOP(name, attributes, Vector, element, add_product) \
  attributes void name(int64_t rounds) {                              \
    Vector a = element, b = element;                                  \
    Vector sums[kSums];                                               \
    _Pragma("GCC unroll 12") for (Vector & sum : sums) {              \
      sum = a;                                                        \
      PHI_HIDE(sum);                                                  \
    }                                                                 \
    PHI_HIDE(b);                                                      \
    for (int64_t round = 0; round < rounds; ++round) {                \
      _Pragma("GCC unroll 12") for (Vector & sum : sums) {            \
        PHI_HIDE(a);                                                  \
        sum = add_product;                                            \
      }                                                               \
    }                                                                 \
    _Pragma("GCC unroll 12") for (Vector & sum : sums) PHI_HIDE(sum); \
  }

// Any processor, in the 16 bytes that all have. Products of bytes need 16 bits.
using Floats = float __attribute__((vector_size(16)));
using Shorts = uint16_t __attribute__((vector_size(16)));
PHI_PEAK_LOOP(plain_f32, , Floats, (Floats{1, 1, 1, 1}), sum + a * b)
PHI_PEAK_LOOP(plain_int8, , Shorts, (Shorts{2, 2, 2, 2, 2, 2, 2, 2}), sum + a * b)

#if defined(__x86_64__)

#define PHI_TARGET(isa) __attribute__((target(isa)))

PHI_PEAK_LOOP(avx2_f32, PHI_TARGET("avx2,fma"), __m256, _mm256_set1_ps(0.5F),
              _mm256_fmadd_ps(a, b, sum))
// Without VNNI a product of bytes takes three instructions: bytes to 16 bits, pairs to 32 bits,
// add.
PHI_PEAK_LOOP(avx2_int8, PHI_TARGET("avx2"), __m256i, _mm256_set1_epi8(1),
              _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), b)))
PHI_PEAK_LOOP(avx512_f32, PHI_TARGET("avx512f"), __m512, _mm512_set1_ps(0.5F),
              _mm512_fmadd_ps(a, b, sum))
PHI_PEAK_LOOP(avx512_int8, PHI_TARGET("avx512f,avx512bw,avx512vnni"), __m512i, _mm512_set1_epi8(2),
              _mm512_dpbusd_epi32(sum, a, b))
PHI_PEAK_LOOP(avx512_bf16, PHI_TARGET("avx512f,avx512bf16"), __m512, _mm512_set1_ps(1.0F),
              _mm512_dpbf16_ps(sum, reinterpret_cast<const __m512bh&>(a),
                               reinterpret_cast<const __m512bh&>(b)))

#endif

}  // namespace

PeakKernel best_int8_kernel() {
#if defined(__x86_64__)
  const CpuFeatures features = cpu_features();
  if (features.avx512_vnni) return {avx512_int8, 2.0 * 64 * kSums, "AVX-512 VNNI"};
  if (features.avx2_fma_f16c) return {avx2_int8, 2.0 * 32 * kSums, "AVX2"};
#endif
  return {plain_int8, 2.0 * 8 * kSums, "plain"};
}

PeakKernel best_bf16_kernel() {
#if defined(__x86_64__)
  if (cpu_features().avx512_bf16) return {avx512_bf16, 2.0 * 32 * kSums, "AVX-512 BF16"};
#endif
  return {};
}

PeakKernel best_f32_kernel() {
#if defined(__x86_64__)
  const CpuFeatures features = cpu_features();
  if (features.avx512) return {avx512_f32, 2.0 * 16 * kSums, "AVX-512"};
  if (features.avx2_fma_f16c) return {avx2_f32, 2.0 * 8 * kSums, "AVX2 FMA"};
#endif
  return {plain_f32, 2.0 * 4 * kSums, "plain"};
}

}  // namespace phi::bench
