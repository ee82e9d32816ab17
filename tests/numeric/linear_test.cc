// Linear against a naive double reference, and the promise that a row's bits depend on nothing but
// the row.

#include "ops/linear.h"

#include <doctest/doctest.h>

#include <atomic>
#include <bit>

#include "../unit/kernels/matrix_test_support.h"
#include "linear_runs.h"
#include "ops/gemm_kernels.h"
#include "phi/error.h"

namespace phi {
namespace {

/// A part's storage and its values.
struct Weights {
  Weights(DType type, int64_t rows, int64_t cols, uint64_t seed)
      : bytes(test::random_weights(type, rows, cols, seed)),
        values(static_cast<size_t>(rows * cols)) {
    matrix = {"w", type, rows, cols, reinterpret_cast<const std::byte*>(bytes.data())};
    kernels::select_kernels(Isa::base).matrix->dequantize[static_cast<int>(type)](
        bytes.data(), values.data(), rows * cols);
  }
  std::vector<uint8_t> bytes;
  std::vector<float> values;
  weights::Matrix matrix;
};

using Fixture = test::LinearRunner;
using test::prefill;

std::vector<float> decode(const ops::Linear& linear, const std::vector<float>& x, int threads) {
  Fixture fixture(threads);
  ops::LinearScratch scratch(1, linear.in_features(), threads);
  std::vector<float> y(static_cast<size_t>(linear.out_features()), NAN);
  linear.decode(x.data(), y.data(), ops::Store::replace, scratch, fixture.run);
  return y;
}

/// Relative error of one input before it is multiplied, and of the sum of n products.
double tolerance(double input_error, int64_t n) {
  return input_error + 0x1p-24 * (8 + static_cast<double>(n) / 8);
}

TEST_CASE("prefill multiplies by the stored weights on every instruction set") {
  const int64_t rows = 5, in = 1024 + 256, out = 64 + 7;
  const std::vector<float> x = test::random_floats(rows * in, 1);
  for (const kernels::Kernels& kernels : test::each_isa()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    for (const DType type : test::all_dtypes()) {
      CAPTURE(isa_name(kernels.isa));
      CAPTURE(dtype_name(type));
      const Weights weights(type, out, in, 2);
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
      const std::vector<float> y = prefill(linear, x, rows, 2);
      // bf16 rounds input and weight by at most 2^-8 each.
      const bool is_bf16 = gemm->arithmetic(type) == ops::Arithmetic::bf16;
      const double relative = tolerance(is_bf16 ? 2.01 * 0x1p-8 : 0, in);
      int wrong = 0;
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t o = 0; o < out; ++o) {
          double sum = 0, magnitude = 0;
          for (int64_t i = 0; i < in; ++i) {
            const double product = double{x[static_cast<size_t>(r * in + i)]} *
                                   weights.values[static_cast<size_t>(o * in + i)];
            sum += product;
            magnitude += std::fabs(product);
          }
          wrong += !(std::fabs(y[static_cast<size_t>(r * out + o)] - sum) <= relative * magnitude);
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("decode multiplies by the stored weights, with 8-bit activations for block formats") {
  const int64_t in = 1024 + 256, out = 300;
  const std::vector<float> x = test::random_floats(in, 3);
  for (const kernels::Kernels& kernels : test::each_isa()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    for (const DType type : test::all_dtypes()) {
      CAPTURE(isa_name(kernels.isa));
      CAPTURE(dtype_name(type));
      const Weights weights(type, out, in, 4);
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
      const std::vector<float> y = decode(linear, x, 2);
      int wrong = 0;
      for (int64_t o = 0; o < out; ++o) {
        double sum = 0, bound = 0;
        for (int64_t first = 0; first < in; first += 32) {
          double max = 0;
          for (int64_t i = first; i < first + 32; ++i)
            max = std::max(max, std::fabs(double{x[static_cast<size_t>(i)]}));
          for (int64_t i = first; i < first + 32; ++i) {
            const double weight = weights.values[static_cast<size_t>(o * in + i)],
                         value = x[static_cast<size_t>(i)];
            sum += weight * value;
            // Half a step of the activation's scale; parts of affine codes are summed apart (at
            // most 0.02 * 63 each).
            bound += is_quantized(type) ? std::fabs(weight) * max / 254 : 0;
            bound += tolerance(0, in) * (std::fabs(weight * value) +
                                         (is_quantized(type) ? 2.52 * std::fabs(value) : 0));
          }
        }
        wrong += !(std::fabs(y[static_cast<size_t>(o)] - sum) <= bound);
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("a prefilled row has the same bits for any number of rows and threads") {
  const int64_t in = 512 + 256, out = 130, most = 130;
  const std::vector<float> x = test::random_floats(most * in, 5);
  for (const kernels::Kernels& kernels : test::each_isa()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    for (const DType type : test::all_dtypes()) {
      const Weights weights(type, out, in, 6);
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
      const std::vector<float> all = prefill(linear, x, most, 1);
      for (const int64_t rows : {1, 2, 3, 7, 16, 17, 64, 130}) {
        for (const int threads : {1, 2, 3}) {
          CAPTURE(isa_name(kernels.isa));
          CAPTURE(dtype_name(type));
          CAPTURE(rows);
          CAPTURE(threads);
          // The last rows, so that they lie elsewhere than in the whole.
          const std::vector<float> some(x.end() - rows * in, x.end());
          const std::vector<float> y = prefill(linear, some, rows, threads, rows + threads);
          CHECK(std::memcmp(y.data(), &all[static_cast<size_t>((most - rows) * out)],
                            y.size() * sizeof(float)) == 0);
        }
      }
    }
  }
}

TEST_CASE("narrow and ragged shapes of plain types") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::q8_0}) {
      for (const int64_t in : {1, 3, 32, 63, 64, 65, 96, 511, 513, 544, 1000, 1056}) {
        if (in % dtype_info(type).block_elements != 0) continue;
        for (const int64_t out : {1, 63, 64, 65}) {
          CAPTURE(isa_name(kernels.isa));
          CAPTURE(dtype_name(type));
          CAPTURE(in);
          CAPTURE(out);
          const int64_t rows = 9;
          const std::vector<float> x = test::random_floats(rows * in, 7);
          const Weights weights(type, out, in, 8);
          const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
          const std::vector<float> y = prefill(linear, x, rows, 2),
                                   last = decode(linear, {x.end() - in, x.end()}, 1);
          const std::vector<float> alone = prefill(linear, {x.end() - in, x.end()}, 1, 1);
          CHECK(std::memcmp(alone.data(), &y[static_cast<size_t>((rows - 1) * out)],
                            alone.size() * sizeof(float)) == 0);
          int wrong = 0;
          for (int64_t o = 0; o < out; ++o) {
            double sum = 0, magnitude = 0;
            for (int64_t i = 0; i < in; ++i) {
              const double product = double{x[static_cast<size_t>((rows - 1) * in + i)]} *
                                     weights.values[static_cast<size_t>(o * in + i)];
              sum += product;
              magnitude += std::fabs(product);
            }
            const bool is_bf16 = gemm->arithmetic(type) == ops::Arithmetic::bf16;
            const double allowed = tolerance(is_bf16 ? 2.01 * 0x1p-8 : 0, in) * magnitude;
            wrong += !(std::fabs(alone[static_cast<size_t>(o)] - sum) <= allowed);
            if (!is_quantized(type))
              wrong +=
                  !(std::fabs(last[static_cast<size_t>(o)] - sum) <= tolerance(0, in) * magnitude);
          }
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("decoding has the same bits for any number of threads") {
  const int64_t in = 2048, out = 1500;
  const std::vector<float> x = test::random_floats(in, 9);
  for (const kernels::Kernels& kernels : test::each_isa()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    for (const DType type : test::all_dtypes()) {
      CAPTURE(isa_name(kernels.isa));
      CAPTURE(dtype_name(type));
      const Weights weights(type, out, in, 10);
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
      const std::vector<float> alone = decode(linear, x, 1);
      CHECK(decode(linear, x, 2) == alone);
      CHECK(decode(linear, x, 3) == alone);
    }
  }
}

TEST_CASE("parts of several types lie side by side, with bias, replacing or adding") {
  const kernels::Kernels kernels = kernels::select_kernels(Isa::best);
  const auto gemm = ops::make_gemm_kernels(kernels);
  const int64_t in = 512, rows = 6;
  const Weights first(DType::q4_k, 70, in, 11), second(DType::f32, 33, in, 12),
      third(DType::q6_k, 64, in, 13);
  const weights::Matrix parts[] = {first.matrix, second.matrix, third.matrix};
  const int64_t out = 70 + 33 + 64;
  const std::vector<float> bias = test::random_floats(out, 14),
                           x = test::random_floats(rows * in, 15);
  const ops::Linear linear(parts, bias, kernels, gemm);
  REQUIRE(linear.in_features() == in);
  REQUIRE(linear.out_features() == out);

  Fixture fixture(2);
  ops::LinearScratch scratch(rows, in, 2);
  const int64_t stride = out + 5;
  const auto run = [&](ops::Store store, std::vector<float>& y) {
    linear.prefill({x.data(), in, y.data(), stride, rows}, store, scratch, fixture.run);
  };
  std::vector<float> replaced(static_cast<size_t>(rows * stride), 3.0f), added(replaced);
  run(ops::Store::replace, replaced);
  run(ops::Store::add, added);
  std::vector<float> decoded(static_cast<size_t>(out), 3.0f), decoded_added(decoded);
  linear.decode(x.data(), decoded.data(), ops::Store::replace, scratch, fixture.run);
  linear.decode(x.data(), decoded_added.data(), ops::Store::add, scratch, fixture.run);

  int64_t column = 0;
  for (const Weights* part : {&first, &second, &third}) {
    const ops::Linear single({&part->matrix, 1}, {}, kernels, gemm);
    const std::vector<float> expected = prefill(single, x, rows, 1),
                             next = decode(single, {x.begin(), x.begin() + in}, 1);
    for (int64_t o = 0; o < part->matrix.rows; ++o, ++column) {
      const float b = bias[static_cast<size_t>(column)];
      for (int64_t r = 0; r < rows; ++r) {
        const float value = expected[static_cast<size_t>(r * part->matrix.rows + o)] + b;
        CHECK(replaced[static_cast<size_t>(r * stride + column)] == value);
        CHECK(added[static_cast<size_t>(r * stride + column)] == 3.0f + value);
      }
      CHECK(decoded[static_cast<size_t>(column)] == next[static_cast<size_t>(o)] + b);
      CHECK(decoded_added[static_cast<size_t>(column)] ==
            3.0f + (next[static_cast<size_t>(o)] + b));
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = out; i < stride; ++i)
      CHECK(replaced[static_cast<size_t>(r * stride + i)] == 3.0f);
  }
}

TEST_CASE("a stopped run leaves early and touches nothing") {
  const kernels::Kernels kernels = kernels::select_kernels(Isa::best);
  const Weights weights(DType::q8_0, 256, 256, 16);
  const ops::Linear linear({&weights.matrix, 1}, {}, kernels, ops::make_gemm_kernels(kernels));
  Fixture fixture(2);
  fixture.stop = true;
  ops::LinearScratch scratch(2, 256, 2);
  const std::vector<float> x = test::random_floats(512, 17);
  std::vector<float> y(512, 5.0f);
  linear.prefill({x.data(), 256, y.data(), 256, 2}, ops::Store::replace, scratch, fixture.run);
  linear.decode(x.data(), y.data(), ops::Store::replace, scratch, fixture.run);
  CHECK(y == std::vector<float>(512, 5.0f));
}

TEST_CASE("misuse is an error that says what was expected") {
  const kernels::Kernels kernels = kernels::select_kernels(Isa::best);
  const auto gemm = ops::make_gemm_kernels(kernels);
  const Weights weights(DType::f32, 8, 64, 18), wider(DType::f32, 8, 96, 19);
  const weights::Matrix unequal[] = {weights.matrix, wider.matrix};
  CHECK_THROWS_AS(ops::Linear(unequal, {}, kernels, gemm), Error);
  CHECK_THROWS_AS(ops::Linear({&weights.matrix, 1}, std::vector<float>(7), kernels, gemm), Error);
  const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
  Fixture fixture(1);
  std::vector<float> x(128), y(16);
  ops::LinearScratch narrow(2, 32, 1), low(1, 64, 1);
  const ops::Linear::Rows rows{x.data(), 64, y.data(), 8, 2};
  CHECK_THROWS_AS(linear.prefill(rows, ops::Store::replace, narrow, fixture.run), Error);
  CHECK_THROWS_AS(linear.prefill(rows, ops::Store::replace, low, fixture.run), Error);
}

}  // namespace
}  // namespace phi
