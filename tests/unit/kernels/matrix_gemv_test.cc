// Matrix times vector against a double sum over dequantised weights and dequantised activations.

#include <doctest/doctest.h>

#include "matrix_test_support.h"

namespace phi {
namespace {

/// A vector with its quantised form, as Linear prepares it.
struct Input {
  Input(std::vector<float> x, const kernels::Kernels& kernels) : values(std::move(x)) {
    const size_t padded = (values.size() + 255) / 256 * 256;
    quantized.assign(padded, 77);  // so that missing zeros show
    interleaved.assign(padded, 77);
    factors.assign(padded / 16, NAN);
    if (values.size() % 32 == 0)
      kernels.matrix->quantize_activation(values.data(), static_cast<int64_t>(values.size()),
                                          view().q);
  }
  kernels::Activation view() {
    return {values.data(), {quantized.data(), interleaved.data(), factors.data()}};
  }

  float scale(size_t group) const { return factors[group / 8 * 16 + group % 8]; }
  float sum(size_t group) const { return factors[group / 8 * 16 + 8 + group % 8]; }

  std::vector<float> values;
  std::vector<int8_t> quantized, interleaved;
  std::vector<float> factors;
};

struct Expected {
  double sum, magnitude;  // of the products, and of their absolute values
};

Expected reference(DType type, const uint8_t* row, const Input& input) {
  const auto n = static_cast<int64_t>(input.values.size());
  std::vector<float> weights(input.values.size());
  kernels::select_kernels(Isa::base).matrix->dequantize[static_cast<int>(type)](row, weights.data(),
                                                                                n);
  Expected expected{};
  for (size_t i = 0; i < weights.size(); ++i) {
    const double x = is_quantized(type) ? double{input.scale(i / 32)} * input.quantized[i]
                                        : double{input.values[i]};
    expected.sum += weights[i] * x;
    expected.magnitude += std::fabs(weights[i] * x);
  }
  return expected;
}

/// One rounding for each of the sum's steps. The parts of an affine code, scale * q and min, are
/// summed apart, and each may be larger than the weight; with random_weights min is at most 0.02 *
/// 63, and so are the offsets of codes.
double bound(DType type, const Expected& expected, const Input& input) {
  double activations = 0;
  for (const float x : input.values) activations += std::fabs(x);
  const double parts = is_quantized(type) ? 2 * 0.02 * 63 * activations : 0;
  const double steps = 8 + static_cast<double>(input.values.size()) / 16;
  return 0x1p-24 * steps * (expected.magnitude + parts);
}

TEST_CASE("gemv sums what the weights say, on every instruction set and any width") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    for (const DType type : test::all_dtypes()) {
      std::vector<int64_t> widths = {256, 1024, 2560};
      if (dtype_info(type).block_elements < 256)
        widths.insert(widths.end(), {32, 64, 96, 224, 288, 5088});
      if (!is_quantized(type)) widths.insert(widths.end(), {1, 7, 15, 17, 63, 65, 130});
      for (const int64_t cols : widths) {
        CAPTURE(isa_name(kernels.isa));
        CAPTURE(dtype_name(type));
        CAPTURE(cols);
        const int64_t rows = 5;
        const std::vector<uint8_t> weights = test::random_weights(type, rows, cols, 3);
        Input input(test::random_floats(cols, 5), kernels);
        const kernels::Activation view = input.view();
        const int64_t row_bytes = dtype_bytes(type, cols);
        std::vector<float> y(static_cast<size_t>(rows), NAN);
        kernels.matrix->gemv[static_cast<int>(type)](weights.data(), row_bytes, rows, cols, &view,
                                                     y.data());
        for (int64_t r = 0; r < rows; ++r) {
          const Expected expected = reference(type, weights.data() + r * row_bytes, input);
          CHECK(std::fabs(y[static_cast<size_t>(r)] - expected.sum) <=
                bound(type, expected, input));
        }
      }
    }
  }
}

TEST_CASE("a row's sum has the same bits alone, among others, and at any address") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    for (const DType type : test::all_dtypes()) {
      CAPTURE(isa_name(kernels.isa));
      CAPTURE(dtype_name(type));
      const int64_t rows = 13, cols = 768, row_bytes = dtype_bytes(type, cols);
      std::vector<uint8_t> weights = test::random_weights(type, rows, cols, 11);
      Input input(test::random_floats(cols, 12), kernels);
      const kernels::Activation view = input.view();
      const auto gemv = kernels.matrix->gemv[static_cast<int>(type)];
      std::vector<float> together(rows), apart(rows);
      gemv(weights.data(), row_bytes, rows, cols, &view, together.data());
      weights.insert(weights.begin(), 3, uint8_t{0});
      for (int64_t r = 0; r < rows; ++r) {
        gemv(weights.data() + 3 + r * row_bytes, row_bytes, 1, cols, &view,
             &apart[static_cast<size_t>(r)]);
      }
      CHECK(together == apart);
    }
  }
}

TEST_CASE("integer dot products are exact at the extremes") {
  // All weights and activations at their largest: every partial sum is the largest that can occur.
  for (const kernels::Kernels& kernels : test::each_isa()) {
    CAPTURE(isa_name(kernels.isa));
    const int64_t cols = 512;
    std::vector<uint8_t> row(static_cast<size_t>(dtype_bytes(DType::q8_0, cols)),
                             uint8_t{0x80});  // -128
    for (size_t block = 0; block < row.size(); block += 34) {
      const uint16_t one = 0x3c00;
      std::memcpy(&row[block], &one, sizeof one);
    }
    for (const float x : {127.0f, -127.0f}) {
      Input input(std::vector<float>(static_cast<size_t>(cols), x), kernels);
      const kernels::Activation view = input.view();
      float y = 0;
      kernels.matrix->gemv[static_cast<int>(DType::q8_0)](
          row.data(), static_cast<int64_t>(row.size()), 1, cols, &view, &y);
      CHECK(y == -128.0f * x * static_cast<float>(cols));
    }
  }
}

TEST_CASE("activations are quantised to the nearest step") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    CAPTURE(isa_name(kernels.isa));
    std::vector<float> x = test::random_floats(320, 1);
    for (int i = 0; i < 32; ++i) x[static_cast<size_t>(64 + i)] = 0;
    x[100] = 1e30f;
    for (int i = 0; i < 32; ++i) x[static_cast<size_t>(160 + i)] = 1e-40f;
    const Input input(x, kernels);
    for (size_t i = 0; i < input.quantized.size(); ++i) {
      CHECK(input.interleaved[i / 128 * 128 + i % 32 / 16 * 64 + i % 128 / 32 * 16 + i % 16] ==
            input.quantized[i]);
      if (i >= x.size()) CHECK(input.scale(i / 32) * input.quantized[i] == 0.0f);
    }
    for (size_t g = 0; g < 10; ++g) {
      float max = 0;
      int sum = 0;
      for (size_t i = 32 * g; i < 32 * g + 32; ++i) {
        max = std::max(max, std::fabs(x[i]));
        sum += input.quantized[i];
        CHECK(std::abs(int{input.quantized[i]}) <= 127);
        CHECK(std::fabs(double{input.scale(g)} * input.quantized[i] - x[i]) <=
              0.5001 * input.scale(g) + 1e-30);
      }
      CHECK(input.scale(g) == (max < 1e-30f ? 0.0f : max / 127.0f));
      CHECK(input.sum(g) == input.scale(g) * static_cast<float>(sum));
    }
  }
}

}  // namespace
}  // namespace phi
