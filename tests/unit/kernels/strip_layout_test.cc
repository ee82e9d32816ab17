// Strips are the same bits at other places.

#include "kernels/strip_layout.h"

#include <doctest/doctest.h>

#include "matrix_test_support.h"

namespace phi {
namespace {

/// Rows [0, rows) of `source` through a strip and back.
std::vector<uint8_t> there_and_back(DType type, const std::vector<uint8_t>& source, int64_t rows,
                                    int64_t cols) {
  const int64_t row_bytes = dtype_bytes(type, cols);
  std::vector<std::byte> strip(static_cast<size_t>(kernels::strip_bytes(type, cols)),
                               std::byte{0x5a});
  kernels::rows_to_strip(type, reinterpret_cast<const std::byte*>(source.data()), row_bytes, rows,
                         cols, strip.data());
  std::vector<uint8_t> back(source.size(), 0xa5);
  for (int64_t r = 0; r < rows; ++r)
    kernels::strip_to_row(type, strip.data(), r, cols,
                          reinterpret_cast<std::byte*>(back.data()) + r * row_bytes);
  return back;
}

TEST_CASE("every bit of every block format survives the way into a strip and back") {
  std::mt19937 generator(1);
  for (const DType type : test::all_dtypes()) {
    if (!kernels::has_strips(type)) continue;
    for (const int64_t rows : {16, 5, 1}) {
      CAPTURE(dtype_name(type));
      CAPTURE(rows);
      const int64_t cols = 3 * dtype_info(type).block_elements;
      std::vector<uint8_t> source(static_cast<size_t>(rows * dtype_bytes(type, cols)));
      for (uint8_t& byte : source) byte = static_cast<uint8_t>(generator());
      CHECK(there_and_back(type, source, rows, cols) == source);
    }
  }
}

TEST_CASE("a strip of Q4_0 is what its description says") {
  std::vector<uint8_t> rows(16 * 18);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<uint8_t>(i * 37 + 11);
  std::vector<std::byte> strip(rows.size());
  kernels::rows_to_strip(DType::q4_0, reinterpret_cast<const std::byte*>(rows.data()), 18, 16, 32,
                         strip.data());
  for (size_t r = 0; r < 16; ++r) {
    CHECK(static_cast<uint8_t>(strip[2 * r]) == rows[18 * r]);
    CHECK(static_cast<uint8_t>(strip[2 * r + 1]) == rows[18 * r + 1]);
    for (size_t column = 0; column < 32; ++column) {
      const uint8_t stored = rows[18 * r + 2 + column % 16];
      const int code = column < 16 ? stored & 15 : stored >> 4;
      const size_t step = column / 4;
      const auto byte = static_cast<uint8_t>(strip[32 + step / 2 * 64 + 4 * r + column % 4]);
      CHECK((step % 2 == 0 ? byte & 15 : byte >> 4) == code);
    }
  }
}

TEST_CASE("rows that a strip lacks are zeros that weigh nothing") {
  const int64_t cols = 64;
  const std::vector<uint8_t> source = test::random_weights(DType::q8_0, 3, cols, 2);
  std::vector<std::byte> strip(static_cast<size_t>(kernels::strip_bytes(DType::q8_0, cols)));
  kernels::rows_to_strip(DType::q8_0, reinterpret_cast<const std::byte*>(source.data()),
                         dtype_bytes(DType::q8_0, cols), 3, cols, strip.data());
  std::vector<uint8_t> row(static_cast<size_t>(dtype_bytes(DType::q8_0, cols)));
  kernels::strip_to_row(DType::q8_0, strip.data(), 3, cols,
                        reinterpret_cast<std::byte*>(row.data()));
  std::vector<float> values(cols, 1.0F);
  kernels::select_kernels(Isa::base).matrix->dequantize[static_cast<int>(DType::q8_0)](
      row.data(), values.data(), cols);
  for (const float value : values) CHECK(value == 0.0F);
}

}  // namespace
}  // namespace phi
