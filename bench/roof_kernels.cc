#include "roof_kernels.h"

#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace phi::bench {

namespace {

// Enough independent sums to cover the latency of a multiply-add on two ports.
constexpr int kSums = 12;

// ---- Any processor: plain loops, as far as the compiler vectorises them. Long enough to be bound
// by arithmetic, short enough to stay in the level-1 cache.
constexpr int kPlainLength = 256;

double plain_f32(int64_t rounds) {
  float sums[kPlainLength] = {};
  const volatile float factor = 0.5F;
  for (int64_t round = 0; round < rounds; ++round) {
    const float a = factor;
    for (float& sum : sums) sum = sum * a + a;
  }
  double total = 0;
  for (const float sum : sums) total += static_cast<double>(sum);
  return total;
}

double plain_int8(int64_t rounds) {
  int8_t a[kPlainLength], b[kPlainLength];
  for (int i = 0; i < kPlainLength; ++i)
    a[i] = static_cast<int8_t>(i), b[i] = static_cast<int8_t>(i * 7);
  int32_t total = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    int32_t sum = 0;
    for (int i = 0; i < kPlainLength; ++i) sum += static_cast<int32_t>(a[i]) * b[i];
    a[round % kPlainLength] = static_cast<int8_t>(sum);  // each round depends on the one before
    total = sum;
  }
  return total;
}

#if defined(__x86_64__)

// An empty asm that seems to change a register: without it the optimiser would see that all sums
// are equal, and that the products never change.
#define PHI_HIDE(value) asm volatile("" : "+v"(value))
#define PHI_HIDE_AVX(value) asm volatile("" : "+x"(value))

__attribute__((target("avx512f,avx512bw,avx512vnni"))) double avx512_int8(int64_t rounds) {
  __m512i sums[kSums], total = _mm512_setzero_si512();
  __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(2);
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) {
    sums[i] = _mm512_setzero_si512();
    PHI_HIDE(sums[i]);
  }
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
    PHI_HIDE(a);
  }
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) total = _mm512_add_epi32(total, sums[i]);
  return _mm512_cvtsi512_si32(total);
}

__attribute__((target("avx512f,avx512bf16"))) double avx512_bf16(int64_t rounds) {
  __m512 sums[kSums], total = _mm512_setzero_ps();
  const __m512i one = _mm512_set1_epi16(0x3f80);
  __m512bh a = reinterpret_cast<const __m512bh&>(one), b = a;
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) {
    sums[i] = _mm512_setzero_ps();
    PHI_HIDE(sums[i]);
  }
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
    PHI_HIDE(a);
  }
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) total = _mm512_add_ps(total, sums[i]);
  return static_cast<double>(_mm512_cvtss_f32(total));
}

__attribute__((target("avx512f"))) double avx512_f32(int64_t rounds) {
  __m512 sums[kSums], total = _mm512_setzero_ps();
  __m512 a = _mm512_set1_ps(0.5F), b = _mm512_set1_ps(1.0F);
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) {
    sums[i] = _mm512_setzero_ps();
    PHI_HIDE(sums[i]);
  }
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = _mm512_fmadd_ps(sums[i], a, b);
    PHI_HIDE(a);
  }
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) total = _mm512_add_ps(total, sums[i]);
  return static_cast<double>(_mm512_cvtss_f32(total));
}

__attribute__((target("avx2,fma"))) double avx2_f32(int64_t rounds) {
  __m256 sums[kSums], total = _mm256_setzero_ps();
  __m256 a = _mm256_set1_ps(0.5F), b = _mm256_set1_ps(1.0F);
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) {
    sums[i] = _mm256_setzero_ps();
    PHI_HIDE_AVX(sums[i]);
  }
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = _mm256_fmadd_ps(sums[i], a, b);
    PHI_HIDE_AVX(a);
  }
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) total = _mm256_add_ps(total, sums[i]);
  return static_cast<double>(_mm256_cvtss_f32(total));
}

// Without VNNI a product of bytes takes three instructions: bytes to 16 bits, pairs to 32 bits,
// add.
__attribute__((target("avx2"))) double avx2_int8(int64_t rounds) {
  __m256i sums[kSums], total = _mm256_setzero_si256();
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(2);
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) sums[i] = _mm256_setzero_si256();
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) {
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
      PHI_HIDE_AVX(a);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) total = _mm256_add_epi32(total, sums[i]);
  return _mm256_extract_epi32(total, 0);
}

#endif

}  // namespace

PeakKernel best_int8_kernel() {
#if defined(__x86_64__)
  const CpuFeatures features = cpu_features();
  if (features.avx512_vnni) return {avx512_int8, 2.0 * 64 * kSums, "AVX-512 VNNI"};
  if (features.avx2_fma_f16c) return {avx2_int8, 2.0 * 32 * kSums, "AVX2"};
#endif
  return {plain_int8, 2.0 * kPlainLength, "plain"};
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
  return {plain_f32, 2.0 * kPlainLength, "plain"};
}

}  // namespace phi::bench
