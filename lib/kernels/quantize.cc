#include "kernels/quantize.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/fail.h"
#include "kernels/dispatch.h"

namespace phi::kernels {

namespace {

/// Round to nearest even; NaN stays NaN.
uint16_t float_to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits | 0x400000) >> 16);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
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
  switch (type) {
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::q8_0:
    case DType::q4_0:
    case DType::q4_k:
    case DType::q6_k:
    case DType::q8_256:
      return true;
    default:
      return false;
  }
}

void quantize_row(DType to, const float* src, void* dst, int64_t n) {
  const QuantizeKernels& kernels = *select_kernels(Isa::best).quantize;
  switch (to) {
    case DType::f32:
      std::memcpy(dst, src, static_cast<size_t>(n) * sizeof(float));
      return;
    case DType::f16:
      return convert([](float x) { return float_to_half(x); }, src, dst, n);
    case DType::bf16:
      return convert([](float x) { return float_to_bf16(x); }, src, dst, n);
    case DType::q8_0:
      return kernels.q8_0(src, dst, n);
    case DType::q4_0:
      return kernels.q4_0(src, dst, n);
    case DType::q4_k:
      return kernels.q4_k(src, dst, n);
    case DType::q6_k:
      return kernels.q6_k(src, dst, n);
    case DType::q8_256:
      return kernels.q8_256(src, dst, n);
    default:
      fail(Code::unsupported, "cannot convert weights to ", dtype_name(to));
  }
}

}  // namespace phi::kernels
