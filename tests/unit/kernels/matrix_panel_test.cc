// Packing of panels, conversion to bf16 and the panel multiplication.

#include <doctest/doctest.h>

#include <bit>

#include "matrix_test_support.h"

namespace phi {
namespace {

using kernels::kPanelRows;

/// Nearest bf16, ties to even, found by comparing distances.
uint16_t nearest_bf16(float value) {
  const auto below = static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
  const auto as_double = [](uint32_t half) { return double{std::bit_cast<float>(half << 16)}; };
  const double low = std::fabs(as_double(below) - value);
  const double high = std::fabs(value - as_double(below + 1u));
  if (low != high) return low < high ? below : static_cast<uint16_t>(below + 1);
  return below % 2 == 0 ? below : static_cast<uint16_t>(below + 1);
}

TEST_CASE("to_bf16 rounds to nearest even and keeps infinities and NaN") {
  std::vector<float> values = test::random_floats(1003, 4);
  const float ties[] = {1.00390625f, 1.01171875f, -1.00390625f, 0.0f, -0.0f, 1e-40f, 3e38f};
  values.insert(values.end(), std::begin(ties), std::end(ties));
  std::vector<uint16_t> expected;
  for (const float value : values) expected.push_back(nearest_bf16(value));
  values.insert(values.end(), {INFINITY, -INFINITY, 3.4e38f});
  expected.insert(expected.end(), {0x7f80, 0xff80, 0x7f80});
  for (const kernels::Kernels& kernels : test::each_isa()) {
    CAPTURE(isa_name(kernels.isa));
    std::vector<uint16_t> got(values.size());
    kernels.matrix->to_bf16(values.data(), got.data(), static_cast<int64_t>(values.size()));
    CHECK(got == expected);
    const float nan = NAN;
    uint16_t converted = 0;
    kernels.matrix->to_bf16(&nan, &converted, 1);
    CHECK((converted & 0x7fff) > 0x7f80);
  }
}

TEST_CASE("panels have their documented layout, with zeros around the data") {
  const int64_t stride = 300;
  const std::vector<float> src = test::random_floats(kPanelRows * stride, 9);
  for (const kernels::Kernels& kernels : test::each_isa()) {
    for (const int64_t rows : {1, 7, 16, 33, 63, 64}) {
      for (const int64_t k : {1, 2, 5, 31, 32, 64, 100, 255, 256}) {
        CAPTURE(isa_name(kernels.isa));
        CAPTURE(rows);
        CAPTURE(k);
        const int64_t even = (k + 1) / 2 * 2;
        std::vector<uint16_t> narrow(static_cast<size_t>(even * kPanelRows + 1), uint16_t{0x1234});
        std::vector<float> wide(static_cast<size_t>(k * kPanelRows + 1), 42.0f);
        kernels.matrix->pack_panel_bf16(src.data(), stride, rows, k, narrow.data());
        kernels.matrix->pack_panel_f32(src.data(), stride, rows, k, wide.data());
        int wrong = 0;
        for (int64_t r = 0; r < kPanelRows; ++r) {
          for (int64_t c = 0; c < even; ++c) {
            const bool inside = r < rows && c < k;
            const float value = inside ? src[static_cast<size_t>(r * stride + c)] : 0.0f;
            wrong += narrow[static_cast<size_t>(c / 2 * 128 + r * 2 + c % 2)] !=
                     (inside ? nearest_bf16(value) : 0);
            if (c < k) wrong += wide[static_cast<size_t>(c * kPanelRows + r)] != value;
          }
        }
        CHECK(wrong == 0);
        CHECK(narrow.back() == 0x1234);

        std::vector<uint16_t> stored(src.size() + 1);  // one element off, so never aligned
        for (size_t i = 0; i < src.size(); ++i) stored[i + 1] = nearest_bf16(src[i]);
        std::vector<uint16_t> copied(narrow.size(), uint16_t{0x1234});
        kernels.matrix->copy_panel_bf16(stored.data() + 1, 2 * stride, rows, k, copied.data());
        CHECK(copied == narrow);
        CHECK(wide.back() == 42.0f);
      }
    }
  }
}

TEST_CASE("gemm_panel_f32 multiplies, and a row does not depend on its neighbours") {
  const int64_t m = 11, k = 70, stride = 80;
  const std::vector<float> a = test::random_floats(m * stride, 20),
                           panel = test::random_floats(k * kPanelRows, 21);
  const std::vector<float> start = test::random_floats(m * kPanelRows, 22);
  for (const kernels::Kernels& kernels : test::each_isa()) {
    for (const int32_t add : {0, 1}) {
      CAPTURE(isa_name(kernels.isa));
      CAPTURE(add);
      std::vector<float> together = start, apart = start;
      kernels.matrix->gemm_panel_f32(a.data(), stride, m, k, panel.data(), together.data(), add);
      for (int64_t r = 0; r < m; ++r) {
        kernels.matrix->gemm_panel_f32(a.data() + r * stride, stride, 1, k, panel.data(),
                                       apart.data() + r * kPanelRows, add);
      }
      CHECK(together == apart);
      for (int64_t r = 0; r < m; ++r) {
        for (int64_t n = 0; n < kPanelRows; ++n) {
          double sum = add != 0 ? start[static_cast<size_t>(r * kPanelRows + n)] : 0.0,
                 magnitude = std::fabs(sum);
          for (int64_t p = 0; p < k; ++p) {
            const double product = double{a[static_cast<size_t>(r * stride + p)]} *
                                   panel[static_cast<size_t>(p * kPanelRows + n)];
            sum += product;
            magnitude += std::fabs(product);
          }
          CHECK(std::fabs(together[static_cast<size_t>(r * kPanelRows + n)] - sum) <=
                0x1p-24 * (k + 2) * magnitude);
        }
      }
    }
  }
}

}  // namespace
}  // namespace phi
