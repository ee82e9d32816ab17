// Multiplication on strips against a naive double reference, and the promise that a row's bits
// depend on nothing but the row.

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>

#include "../unit/kernels/matrix_test_support.h"
#include "kernels/strip_layout.h"
#include "linear_runs.h"
#include "ops/linear.h"

namespace phi {
namespace {

/// A matrix in strips, and its values as the portable dequantisation of its rows gives them.
struct StripWeights {
  StripWeights(DType type, int64_t rows, int64_t cols, uint64_t seed)
      : values(static_cast<size_t>(rows * cols)) {
    const std::vector<uint8_t> in_rows = test::random_weights(type, rows, cols, seed);
    kernels::select_kernels(Isa::base).matrix->dequantize[static_cast<int>(type)](
        in_rows.data(), values.data(), rows * cols);
    const int64_t row_bytes = dtype_bytes(type, cols);
    bytes.resize(static_cast<size_t>(stored_rows(Layout::strips, rows) * row_bytes));
    for (int64_t r = 0; r < rows; r += kStripRows) {
      kernels::rows_to_strip(
          type, reinterpret_cast<const std::byte*>(in_rows.data()) + r * row_bytes, row_bytes,
          std::min(kStripRows, rows - r), cols, bytes.data() + r * row_bytes);
    }
    matrix = {"w", type, rows, cols, bytes.data(), Layout::strips};
  }
  std::vector<std::byte> bytes;
  std::vector<float> values;
  weights::Matrix matrix;
};

using Runner = test::LinearRunner;

std::vector<float> multiply(const ops::Linear& linear, const std::vector<float>& x, int64_t rows,
                            int threads, Precision precision = Precision::standard) {
  return test::prefill(linear, x, rows, threads, 0, precision);
}

std::vector<DType> strip_types() {
  std::vector<DType> types;
  for (const DType type : test::all_dtypes())
    if (kernels::has_strips(type)) types.push_back(type);
  return types;
}

std::vector<kernels::Kernels> each_isa_with_strips() {
  std::vector<kernels::Kernels> found;
  for (const kernels::Kernels& kernels : test::each_isa())
    if (kernels.strips != nullptr) found.push_back(kernels);
  return found;
}

bool is_fast(const kernels::Kernels& kernels, DType type, Precision precision) {
  return precision == Precision::fast &&
         kernels.strips->multiply_panel_fast[static_cast<int>(type)] != nullptr;
}

/// What results are rounded by.
struct Rounding {
  Rounding(const kernels::Kernels& kernels, DType type, Precision precision)
      : columns(static_cast<int64_t>(is_fast(kernels, type, precision)
                                         ? kernels::fast_scale_columns(type)
                                         : kernels::default_scale_columns(type))),
        half_step(kernels::code_range(type) == kernels::CodeRange::to_127 ? 0.5 / 127 : 0.5 / 117),
        has_rounded_weights(is_fast(kernels, type, precision) && !kernels::may_be_paired(type)) {}

  int64_t columns;   ///< that share a scale of the activations
  double half_step;  ///< of the largest of them
  bool has_rounded_weights;
};

/// How far one result may be from the exact sum: half a step of each activation's scale, and f32
/// rounding of the sums, where codes and minima are summed apart (at most 0.02 * 63 each). Some
/// fast panels round weights too, by half a step of at most twice the largest one.
double allowed_error(const float* x, const float* weights, int64_t in, const Rounding& rounding) {
  double bound = 0;
  for (int64_t first = 0; first < in; first += rounding.columns) {
    const int64_t end = std::min(in, first + rounding.columns);
    double largest = 0, largest_weight = 0;
    for (int64_t i = first; i < end; ++i) {
      largest = std::max(largest, std::fabs(double{x[i]}));
      largest_weight = std::max(largest_weight, std::fabs(double{weights[i]}));
    }
    const double half_step = largest * rounding.half_step;
    for (int64_t i = first; i < end; ++i) {
      const double weight = std::fabs(double{weights[i]}), value = std::fabs(double{x[i]});
      bound += weight * half_step;
      if (rounding.has_rounded_weights) bound += 2 * largest_weight / 254 * (value + half_step);
      bound += 0x1p-24 * (8 + static_cast<double>(in) / 8) * (weight + 2.52) * (value + half_step);
    }
  }
  return bound;
}

int count_wrong(const StripWeights& weights, const std::vector<float>& x,
                const std::vector<float>& y, int64_t rows, const Rounding& rounding) {
  const int64_t in = weights.matrix.cols, out = weights.matrix.rows;
  int wrong = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t o = 0; o < out; ++o) {
      const float *row = &x[static_cast<size_t>(r * in)],
                  *weight = &weights.values[static_cast<size_t>(o * in)];
      double sum = 0;
      for (int64_t i = 0; i < in; ++i) sum += double{row[i]} * weight[i];
      const double error = std::fabs(y[static_cast<size_t>(r * out + o)] - sum);
      wrong += !(error <= allowed_error(row, weight, in, rounding));
    }
  }
  return wrong;
}

TEST_CASE("strips multiply as the stored weights do, for few rows and for many") {
  const int64_t out = 64 + 7;
  for (const kernels::Kernels& kernels : each_isa_with_strips()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    for (const DType type : strip_types()) {
      const int64_t in = dtype_info(type).block_elements == 32 ? 512 + 96 : 768;
      const StripWeights weights(type, out, in, 21);
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
      for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 30}) {
        CAPTURE(isa_name(kernels.isa));
        CAPTURE(dtype_name(type));
        CAPTURE(rows);
        const std::vector<float> x = test::random_floats(rows * in, 22);
        for (const Precision precision : {Precision::standard, Precision::fast}) {
          const std::vector<float> y = multiply(linear, x, rows, 2, precision);
          CHECK(count_wrong(weights, x, y, rows, {kernels, type, precision}) == 0);
        }
      }
    }
  }
}

TEST_CASE("a row has the same bits for any number of rows and threads, in decode too") {
  const int64_t out = 130, most = 130;
  for (const kernels::Kernels& kernels : each_isa_with_strips()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    for (const DType type : strip_types()) {
      const int64_t in = dtype_info(type).block_elements == 32 ? 512 + 32 : 512;
      const std::vector<float> x = test::random_floats(most * in, 23);
      const StripWeights weights(type, out, in, 24);
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, gemm);
      for (const Precision precision : {Precision::standard, Precision::fast}) {
        const std::vector<float> all = multiply(linear, x, most, 1, precision);
        for (const int64_t rows : {1, 2, 3, 7, 8, 9, 17, 64, 130}) {
          for (const int threads : {1, 2, 3}) {
            CAPTURE(dtype_name(type));
            CAPTURE(rows);
            CAPTURE(threads);
            // The last rows, so that they lie elsewhere than in the whole.
            const std::vector<float> some(x.end() - rows * in, x.end());
            const std::vector<float> y = multiply(linear, some, rows, threads, precision);
            CHECK(std::memcmp(y.data(), &all[static_cast<size_t>((most - rows) * out)],
                              y.size() * sizeof(float)) == 0);
          }
        }
      }
      Runner runner(2);
      ops::LinearScratch scratch(1, in, 2);
      std::vector<float> next(static_cast<size_t>(out));
      linear.decode(x.data(), next.data(), ops::Store::replace, scratch, runner.run);
      CHECK(next == multiply(linear, {x.begin(), x.begin() + in}, 1, 1));
    }
  }
}

TEST_CASE("wide rows have the same bits however they are cut up to be quantised") {
  const int64_t out = 16, most = 24;
  for (const kernels::Kernels& kernels : each_isa_with_strips()) {
    for (const DType type : {DType::q4_0, DType::q6_k}) {
      const int64_t in = 40 * 256 + (type == DType::q4_0 ? 32 : 0);
      const StripWeights weights(type, out, in, 27);
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, ops::make_gemm_kernels(kernels));
      const std::vector<float> x = test::random_floats(most * in, 28);
      std::vector<float> one_by_one;
      for (int64_t r = 0; r < most; ++r) {
        const std::vector<float> y = multiply(linear, {&x[r * in], &x[r * in] + in}, 1, 1);
        one_by_one.insert(one_by_one.end(), y.begin(), y.end());
      }
      for (const int threads : {1, 2, 3}) {
        for (const int64_t rows : {4, 8, 24}) {
          CAPTURE(dtype_name(type));
          CAPTURE(threads);
          CAPTURE(rows);
          const std::vector<float> y =
              multiply(linear, {x.begin(), x.begin() + rows * in}, rows, threads);
          CHECK(std::memcmp(y.data(), one_by_one.data(), y.size() * sizeof(float)) == 0);
        }
      }
    }
  }
}

TEST_CASE("strips give the same bits on every instruction set") {
  const int64_t out = 64, rows = 40;  // panels; the test above ties other numbers of rows to them
  const std::vector<kernels::Kernels> all = each_isa_with_strips();
  for (const DType type : strip_types()) {
    if (type == DType::q8_256) continue;  // its integer sums are as long as the instructions allow
    const int64_t in = dtype_info(type).block_elements == 32 ? 1024 + 96 : 1280;
    const StripWeights weights(type, out, in, 32);
    std::vector<float> x = test::random_floats(rows * in, 33);
    // The largest codes side by side, which is where narrow sums would overflow.
    for (int64_t i = 0; i < 8 * in; ++i) x[static_cast<size_t>(i)] = i < 4 * in ? 3.0F : -3.0F;
    std::vector<float> expected;
    for (const kernels::Kernels& kernels : all) {
      CAPTURE(isa_name(kernels.isa));
      CAPTURE(dtype_name(type));
      const ops::Linear linear({&weights.matrix, 1}, {}, kernels, ops::make_gemm_kernels(kernels));
      const std::vector<float> y = multiply(linear, x, rows, 2);
      if (expected.empty()) expected = y;
      CHECK(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)) == 0);
      if (!is_fast(kernels, type, Precision::fast))
        CHECK(multiply(linear, x, rows, 2, Precision::fast) == y);
    }
  }
}

TEST_CASE("strips and rows of several types lie side by side, with bias, replacing or adding") {
  const int64_t in = 512, rows = 11;
  for (const kernels::Kernels& kernels : each_isa_with_strips()) {
    const auto gemm = ops::make_gemm_kernels(kernels);
    const StripWeights first(DType::q4_0, 70, in, 25), second(DType::q6_k, 33, in, 26);
    std::vector<float> plain = test::random_floats(20 * in, 27);
    const weights::Matrix third{"p", DType::f32, 20, in,
                                reinterpret_cast<const std::byte*>(plain.data())};
    const weights::Matrix parts[] = {first.matrix, third, second.matrix};
    const int64_t out = 70 + 20 + 33;
    const std::vector<float> bias = test::random_floats(out, 28),
                             x = test::random_floats(rows * in, 29);
    const ops::Linear linear(parts, bias, kernels, gemm);
    Runner runner(2);
    ops::LinearScratch scratch(rows, in, 2);
    std::vector<float> replaced(static_cast<size_t>(rows * out), 3.0F), added(replaced);
    const ops::Linear::Rows to_replaced{x.data(), in, replaced.data(), out, rows};
    const ops::Linear::Rows to_added{x.data(), in, added.data(), out, rows};
    linear.prefill(to_replaced, ops::Store::replace, scratch, runner.run);
    linear.prefill(to_added, ops::Store::add, scratch, runner.run);
    int64_t column = 0;
    for (const weights::Matrix& part : parts) {
      const ops::Linear single({&part, 1}, {}, kernels, gemm);
      const std::vector<float> expected = multiply(single, x, rows, 1);
      for (int64_t o = 0; o < part.rows; ++o, ++column) {
        for (int64_t r = 0; r < rows; ++r) {
          const float value =
              expected[static_cast<size_t>(r * part.rows + o)] + bias[static_cast<size_t>(column)];
          CHECK(replaced[static_cast<size_t>(r * out + column)] == value);
          CHECK(added[static_cast<size_t>(r * out + column)] == 3.0F + value);
        }
      }
    }
  }
}

TEST_CASE("a stopped run leaves early and touches nothing") {
  for (const kernels::Kernels& kernels : each_isa_with_strips()) {
    const StripWeights weights(DType::q8_0, 256, 256, 30);
    const ops::Linear linear({&weights.matrix, 1}, {}, kernels, ops::make_gemm_kernels(kernels));
    Runner runner(2);
    runner.stop = true;
    ops::LinearScratch scratch(20, 256, 2);
    const std::vector<float> x = test::random_floats(20 * 256, 31);
    std::vector<float> y(20 * 256, 5.0F);
    for (const int64_t rows : {2, 20})
      linear.prefill({x.data(), 256, y.data(), 256, rows}, ops::Store::replace, scratch,
                     runner.run);
    CHECK(y == std::vector<float>(20 * 256, 5.0F));
  }
}

}  // namespace
}  // namespace phi
