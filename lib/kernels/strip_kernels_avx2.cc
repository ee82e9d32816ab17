// Strip kernels for processors with AVX2, FMA and F16C.

#include <immintrin.h>

#include "kernels/strip_kernels.h"

namespace phi::kernels {

namespace {

// Each of these builds on those before it.
// clang-format off
#include "kernels/strip_lanes_avx2.inc"
#include "kernels/strip_formats.inc"
#include "kernels/strip_multiply_avx2.inc"
#include "kernels/strip_quantize_avx2.inc"
// clang-format on

template <class Format, DType kType>
constexpr void add_format(StripKernels& table) {
  constexpr int kGroups = static_cast<int>(default_scale_columns(kType)) / 32;
  static_assert(Format::kBytesOf256 == kStripRows * kBlockColumns /
                                           dtype_info(kType).block_elements *
                                           dtype_info(kType).block_bytes);
  constexpr auto index = static_cast<int>(kType);
  table.multiply_strip[index][0] = multiply_strip<Format, kGroups, kFewRows[0]>;
  table.multiply_strip[index][1] = multiply_strip<Format, kGroups, kFewRows[1]>;
  table.multiply_strip[index][2] = multiply_strip<Format, kGroups, kFewRows[2]>;
  table.multiply_strip[index][3] = multiply_strip<Format, kGroups, kFewRows[3]>;
  table.multiply_strip[index][4] = multiply_strip<Format, kGroups, kFewRows[4]>;
  table.multiply_strip[index][5] = multiply_strip<Format, kGroups, kFewRows[5]>;
  table.multiply_panel[index] = multiply_panel<Format, kGroups>;
}

constexpr StripKernels make_table() {
  StripKernels table{};
  table.quantize_rows = quantize_rows;
  add_format<StripQ4_0, DType::q4_0>(table);
  add_format<StripQ4_1, DType::q4_1>(table);
  add_format<StripQ5_0, DType::q5_0>(table);
  add_format<StripQ5_1, DType::q5_1>(table);
  add_format<StripQ8_0, DType::q8_0>(table);
  add_format<StripQ2_K, DType::q2_k>(table);
  add_format<StripQ3_K, DType::q3_k>(table);
  add_format<StripQ4_K, DType::q4_k>(table);
  add_format<StripQ5_K, DType::q5_k>(table);
  add_format<StripQ6_K, DType::q6_k>(table);
  add_format<StripIq4_nl, DType::iq4_nl>(table);
  add_format<StripIq4_xs, DType::iq4_xs>(table);
  add_format<StripQ8_256, DType::q8_256>(table);
  return table;
}

}  // namespace

constinit const StripKernels kStripAvx2 = make_table();

}  // namespace phi::kernels
