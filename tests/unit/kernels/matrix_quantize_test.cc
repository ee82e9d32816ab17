// Quantisers used while loading, checked through the dequantisers that the reference vectors check.

#include <doctest/doctest.h>

#include <bit>

#include "matrix_test_support.h"
#include "phi/error.h"

namespace phi {
namespace {

std::vector<float> round_trip(DType type, const std::vector<float>& values) {
  const auto n = static_cast<int64_t>(values.size());
  std::vector<uint8_t> bytes(static_cast<size_t>(dtype_bytes(type, n)));
  kernels::quantize_row(type, values.data(), bytes.data(), n);
  std::vector<float> back(values.size());
  kernels::select_kernels(Isa::base).matrix->dequantize[static_cast<int>(type)](bytes.data(),
                                                                                back.data(), n);
  return back;
}

double squared_error(const std::vector<float>& a, const std::vector<float>& b, size_t first,
                     size_t count) {
  double error = 0;
  for (size_t i = first; i < first + count; ++i)
    error += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return error;
}

TEST_CASE("f32 stays, every half survives, and halves round to nearest even") {
  const std::vector<float> values = test::random_floats(97, 1);
  CHECK(round_trip(DType::f32, values) == values);

  int wrong = 0;
  for (uint32_t half = 0; half < 65536; ++half) {
    const auto stored = static_cast<uint16_t>(half);
    float value = 0;
    kernels::select_kernels(Isa::base).matrix->dequantize[static_cast<int>(DType::f16)](&stored,
                                                                                        &value, 1);
    if (std::isnan(value)) {
      wrong += (kernels::float_to_half(value) & 0x7fff) <= 0x7c00;
      continue;
    }
    wrong += kernels::float_to_half(value) != half;
    if ((half & 0x7fff) >= 0x7bff) continue;
    // Halfway to the next half goes to the even one; a hair beside it to the nearer.
    float next = 0;
    const auto above = static_cast<uint16_t>(half + 1);
    kernels::select_kernels(Isa::base).matrix->dequantize[static_cast<int>(DType::f16)](&above,
                                                                                        &next, 1);
    const float middle = value + (next - value) / 2;
    wrong += kernels::float_to_half(middle) != (half % 2 == 0 ? half : above);
    wrong += kernels::float_to_half(std::nextafter(middle, value)) != half;
    wrong += kernels::float_to_half(std::nextafter(middle, next)) != above;
  }
  CHECK(wrong == 0);
  CHECK(kernels::float_to_half(65519.9f) == 0x7bff);
  CHECK(kernels::float_to_half(65520.0f) == 0x7c00);
  CHECK(kernels::float_to_half(-INFINITY) == 0xfc00);
  CHECK(kernels::float_to_half(1e-30f) == 0);
}

TEST_CASE("bf16 rounds to nearest even") {
  const std::vector<float> values = {1.0f, 1.00390625f, 1.01171875f, -2.5f, 3e38f, 1e-40f};
  const std::vector<float> back = round_trip(DType::bf16, values);
  CHECK(back[0] == 1.0f);
  CHECK(back[1] == 1.0f);
  CHECK(back[2] == 1.015625f);
  CHECK(back[3] == -2.5f);
  for (size_t i = 0; i < values.size(); ++i)
    CHECK(std::fabs(back[i] - values[i]) <= 0x1p-8 * std::fabs(values[i]) + 0x1p-134);
}

TEST_CASE("q8_0 is within half a step of the stored scale") {
  std::vector<float> values = test::random_floats(320, 2);
  for (size_t i = 32; i < 64; ++i) values[i] = 0;
  const std::vector<float> back = round_trip(DType::q8_0, values);
  for (size_t block = 0; block < 10; ++block) {
    float max = 0;
    for (size_t i = 32 * block; i < 32 * block + 32; ++i) max = std::max(max, std::fabs(values[i]));
    // The scale itself is rounded to half precision.
    const double step = max / 127.0 * (1 + 0x1p-11);
    for (size_t i = 32 * block; i < 32 * block + 32; ++i) {
      CHECK(std::fabs(back[i] - values[i]) <= 0.5 * step + max * 0x1p-11);
    }
  }
}

TEST_CASE("q4_0 never loses to the plain scale, and wins on the whole") {
  const std::vector<float> values = test::random_floats(32 * 200, 3);
  const std::vector<float> back = round_trip(DType::q4_0, values);
  double plain_total = 0, total = 0;
  for (size_t first = 0; first < values.size(); first += 32) {
    float extreme = 0;
    for (size_t i = first; i < first + 32; ++i)
      extreme = std::fabs(values[i]) > std::fabs(extreme) ? values[i] : extreme;
    const double scale = double{extreme} / -8;
    double plain = 0;
    for (size_t i = first; i < first + 32; ++i) {
      const double code = std::min(7.0, std::max(-8.0, std::round(values[i] / scale)));
      plain += (scale * code - values[i]) * (scale * code - values[i]);
    }
    const double error = squared_error(values, back, first, 32);
    CHECK(error <= plain * 1.002);  // the stored scale has half precision
    plain_total += plain;
    total += error;
  }
  CHECK(total < 0.9 * plain_total);
}

TEST_CASE("blocks that a scale cannot express stay harmless") {
  for (const DType type : {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k, DType::q8_256}) {
    CAPTURE(dtype_name(type));
    const auto block = static_cast<size_t>(dtype_info(type).block_elements);
    std::vector<float> values(3 * block, 0.0f);
    for (size_t i = block; i < 2 * block; ++i) values[i] = 1e-20f;
    for (size_t i = 2 * block; i < 3 * block; ++i) values[i] = 1e30f;
    const std::vector<float> back = round_trip(type, values);
    for (size_t i = 0; i < 2 * block; ++i) CHECK(std::fabs(back[i]) == 0.0f);
    for (size_t i = 2 * block; i < 3 * block; ++i) CHECK(std::isfinite(back[i]));
    for (const float value : round_trip(type, std::vector<float>(block, NAN)))
      CHECK(std::isfinite(value));
    for (const float value : round_trip(type, std::vector<float>(block, INFINITY)))
      CHECK(std::isfinite(value));
  }
}

TEST_CASE("other types are refused by name") {
  float x[256] = {};
  uint8_t out[256];
  CHECK(!kernels::can_quantize(DType::q5_k));
  CHECK_THROWS_WITH_AS(kernels::quantize_row(DType::q5_k, x, out, 256),
                       "cannot convert weights to Q5_K", Error);
}

}  // namespace
}  // namespace phi
