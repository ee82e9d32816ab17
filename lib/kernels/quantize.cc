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

int32_t round_to_code(float value, float lowest, float highest) {
  if (!(value > lowest)) return static_cast<int32_t>(lowest);  // NaN too
  return static_cast<int32_t>(std::lround(std::min(value, highest)));
}

void quantize_q8_0(const float* x, uint8_t* block) {
  float max = 0;
  for (int i = 0; i < kBlock; ++i) max = std::max(max, std::fabs(x[i]));
  const uint16_t scale = stored_scale(max / 127.0f);
  const float inverse = inverse_of(scale);
  std::memcpy(block, &scale, sizeof scale);
  for (int i = 0; i < kBlock; ++i)
    block[2 + i] = static_cast<uint8_t>(round_to_code(x[i] * inverse, -127, 127));
}

/// What a candidate scale would give: codes in [-8, 7] and the sums that decide.
struct Q4Trial {
  float codes[kBlock];
  float xq, qq;  // sums of x * code and code * code
};

void try_q4_scale(const float* x, float inverse, Q4Trial& trial) {
  constexpr float kRoundToInteger =
      0x1.8p23f;  // adding and subtracting it rounds to nearest even, and vectorises
  constexpr int kLanes = 8;
  float xq[kLanes] = {}, qq[kLanes] = {};
  for (int i = 0; i < kBlock; i += kLanes) {
    for (int j = 0; j < kLanes; ++j) {
      const float limited = std::max(-8.0f, std::min(7.0f, x[i + j] * inverse));
      const float code = (limited + kRoundToInteger) - kRoundToInteger;
      trial.codes[i + j] = code;
      xq[j] += x[i + j] * code;
      qq[j] += code * code;
    }
  }
  trial.xq = ((xq[0] + xq[4]) + (xq[1] + xq[5])) + ((xq[2] + xq[6]) + (xq[3] + xq[7]));
  trial.qq = ((qq[0] + qq[4]) + (qq[1] + qq[5])) + ((qq[2] + qq[6]) + (qq[3] + qq[7]));
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
  Q4Trial best{};
  float best_gain = 0;
  for (int k = 0; k < kCandidates && std::fabs(extreme) > 0x1p-100f; ++k) {
    Q4Trial trial;
    try_q4_scale(x, -(7.0f + 0.125f * static_cast<float>(k)) / extreme, trial);
    const float gain = trial.qq > 0 ? trial.xq / trial.qq * trial.xq : 0.0f;
    if (gain > best_gain) {
      best_gain = gain;
      best = trial;
    }
  }
  const uint16_t scale = best_gain > 0 ? stored_scale(best.xq / best.qq) : uint16_t{0};
  const float inverse = inverse_of(scale);
  std::memcpy(block, &scale, sizeof scale);
  const auto code = [&](int i) {
    return static_cast<uint32_t>(round_to_code(x[i] * inverse, -8, 7) + 8);
  };
  for (int i = 0; i < 16; ++i) block[2 + i] = static_cast<uint8_t>(code(i) | code(i + 16) << 4);
}

template <int64_t kBytes>
void quantize_blocks(void (*quantize)(const float*, uint8_t*), const float* src, void* dst,
                     int64_t n) {
  auto* block = static_cast<uint8_t*>(dst);
  for (int64_t i = 0; i < n; i += kBlock, block += kBytes) quantize(src + i, block);
}

void convert(uint16_t (*to)(float), const float* src, void* dst, int64_t n) {
  auto* out = static_cast<uint8_t*>(dst);
  for (int64_t i = 0; i < n; ++i) {
    const uint16_t value = to(src[i]);
    std::memcpy(out + 2 * i, &value, sizeof value);
  }
}

uint16_t to_half(float value) { return float_to_half(value); }

}  // namespace

uint16_t float_to_half(float value) noexcept {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return static_cast<uint16_t>(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));  // NaN
  if (magnitude >= 0x477ff000)
    return static_cast<uint16_t>(sign | 0x7c00);  // 65520 and above round to infinity
  if (magnitude < 0x38800000) {  // subnormal: adding 0.5 leaves the multiple of 2^-24, rounded to
                                 // even, in the low bits
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000));
  }
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return static_cast<uint16_t>(sign | (rounded - 0x38000000) >> 13);
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
      return convert(to_half, src, dst, n);
    case DType::bf16:
      return convert(float_to_bf16, src, dst, n);
    case DType::q8_0:
      return quantize_blocks<34>(quantize_q8_0, src, dst, n);
    case DType::q4_0:
      return quantize_blocks<18>(quantize_q4_0, src, dst, n);
    default:
      fail(Code::unsupported, "cannot convert weights to ", dtype_name(to));
  }
}

}  // namespace phi::kernels
