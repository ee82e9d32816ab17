#include "kernels/quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/fail.h"

namespace phi::kernels {

namespace {

constexpr int64_t kBlock = 32;
constexpr float kLargestHalf = 65504.0f;

/// Round to nearest even; NaN stays NaN.
uint16_t float_to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits | 0x400000) >> 16);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float half_to_float(uint16_t half) {  // of finite values
  const float scaled = std::bit_cast<float>(static_cast<uint32_t>(half & 0x7fff) << 13) * 0x1p112f;
  return (half & 0x8000) != 0 ? -scaled : scaled;
}

/// The scale as a block will hold it, never infinite.
uint16_t stored_scale(float scale) {
  return float_to_half(std::clamp(scale, -kLargestHalf, kLargestHalf));
}

/// 1 / scale, and 0 for scales that stored_scale() lost.
float inverse_of(uint16_t scale) {
  const float value = half_to_float(scale);
  return value == 0 ? 0.0f : 1.0f / value;
}

/// Four values at once, as every processor has them: the same operations in the same order.
constexpr int kLanes = 4;
typedef float Lanes __attribute__((vector_size(16)));

Lanes load_lanes(const float* x) {
  Lanes lanes;
  std::memcpy(&lanes, x, sizeof lanes);
  return lanes;
}

/// Whole numbers in [lowest, highest], ties to even; NaN becomes `highest`.
Lanes round_to_codes(Lanes values, float lowest, float highest) {
  constexpr float kRoundToInteger = 0x1.8p23f;  // the sum has no room for a fraction
  const Lanes low = Lanes{} + lowest, high = Lanes{} + highest;
  values = values < high ? values : high;
  values = values > low ? values : low;
  return (values + kRoundToInteger) - kRoundToInteger;
}

float sum_lanes(Lanes v) { return (v[0] + v[2]) + (v[1] + v[3]); }

void quantize_q8_0(const float* x, uint8_t* block) {
  float max = 0;
  for (int i = 0; i < kBlock; ++i) max = std::max(max, std::fabs(x[i]));
  const uint16_t scale = stored_scale(max / 127.0f);
  const float inverse = inverse_of(scale);
  std::memcpy(block, &scale, sizeof scale);
  for (int i = 0; i < kBlock; i += kLanes) {
    const Lanes codes = round_to_codes(load_lanes(x + i) * inverse, -127, 127);
    for (int j = 0; j < kLanes; ++j) {
      block[2 + i + j] = static_cast<uint8_t>(static_cast<int32_t>(codes[j]));
    }
  }
}

/// What a candidate scale would give: the sums of x * code and code * code that decide.
struct Q4Trial {
  float xq = 0, qq = 0;
};

Q4Trial try_q4_scale(const float* x, float inverse) {
  Lanes xq = {}, qq = {};
  for (int i = 0; i < kBlock; i += kLanes) {
    const Lanes values = load_lanes(x + i), codes = round_to_codes(values * inverse, -8, 7);
    xq += values * codes;
    qq += codes * codes;
  }
  return {sum_lanes(xq), sum_lanes(qq)};
}

/// Codes run from -8 to 7, so the value of largest magnitude takes the negative side. Candidates
/// put it at -7, -7.125, ..., -8.875 steps: the larger ones clip it and give the rest finer steps.
/// For given codes q the scale with the least squared error is sum(x q) / sum(q q), and the error
/// is sum(x x) - sum(x q)^2 / sum(q q); the candidate with the largest sum(x q)^2 / sum(q q) wins,
/// the earlier one of equals.
void quantize_q4_0(const float* x, uint8_t* block) {
  constexpr int kCandidates = 16;
  float extreme = 0;
  for (int i = 0; i < kBlock; ++i) extreme = std::fabs(x[i]) > std::fabs(extreme) ? x[i] : extreme;
  Q4Trial best;
  float best_gain = 0;
  for (int k = 0; k < kCandidates && std::fabs(extreme) > 0x1p-100f; ++k) {
    const Q4Trial trial = try_q4_scale(x, -(7.0f + 0.125f * static_cast<float>(k)) / extreme);
    const float gain = trial.qq > 0 ? trial.xq / trial.qq * trial.xq : 0.0f;
    if (gain > best_gain) {
      best_gain = gain;
      best = trial;
    }
  }
  const uint16_t scale = best_gain > 0 ? stored_scale(best.xq / best.qq) : uint16_t{0};
  const float inverse = inverse_of(scale);
  std::memcpy(block, &scale, sizeof scale);
  float codes[kBlock];
  for (int i = 0; i < kBlock; i += kLanes) {
    const Lanes rounded = round_to_codes(load_lanes(x + i) * inverse, -8, 7) + 8.0f;
    std::memcpy(codes + i, &rounded, sizeof rounded);
  }
  for (int i = 0; i < 16; ++i) {
    const auto low = static_cast<uint32_t>(codes[i]), high = static_cast<uint32_t>(codes[i + 16]);
    block[2 + i] = static_cast<uint8_t>(low | high << 4);
  }
}

template <int64_t kBytes>
void quantize_blocks(void (*quantize)(const float*, uint8_t*), const float* src, void* dst,
                     int64_t n) {
  auto* block = static_cast<uint8_t*>(dst);
  for (int64_t i = 0; i < n; i += kBlock, block += kBytes) quantize(src + i, block);
}

template <class Convert>
void convert(Convert to, const float* src, void* dst, int64_t n) {
  auto* out = static_cast<uint8_t*>(dst);
  for (int64_t i = 0; i < n; ++i) {
    const uint16_t value = to(src[i]);
    std::memcpy(out + 2 * i, &value, sizeof value);
  }
}

}  // namespace

uint16_t float_to_half(float value) noexcept {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  const uint32_t nan = 0x7e00 | (magnitude >> 13 & 0x3ff);
  const uint32_t normal = (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13;
  // Adding 0.5 leaves the multiple of 2^-24, rounded to even, in the low bits.
  const uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000;
  const uint32_t finite = magnitude < 0x38800000 ? subnormal : normal;
  const uint32_t beyond = magnitude > 0x7f800000 ? nan : 0x7c00;
  return static_cast<uint16_t>(
      sign | (magnitude >= 0x477ff000 ? beyond : finite));  // 65520 rounds to infinity
}

bool can_quantize(DType type) noexcept {
  return type == DType::f32 || type == DType::f16 || type == DType::bf16 || type == DType::q8_0 ||
         type == DType::q4_0;
}

void quantize_row(DType to, const float* src, void* dst, int64_t n) {
  switch (to) {
    case DType::f32:
      std::memcpy(dst, src, static_cast<size_t>(n) * sizeof(float));
      return;
    case DType::f16:
      return convert([](float x) { return float_to_half(x); }, src, dst, n);
    case DType::bf16:
      return convert([](float x) { return float_to_bf16(x); }, src, dst, n);
    case DType::q8_0:
      return quantize_blocks<34>(quantize_q8_0, src, dst, n);
    case DType::q4_0:
      return quantize_blocks<18>(quantize_q4_0, src, dst, n);
    default:
      fail(Code::unsupported, "cannot convert weights to ", dtype_name(to));
  }
}

}  // namespace phi::kernels
