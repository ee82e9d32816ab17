// Strip kernels for processors with AVX-512 and its vector neural network instructions.

#include <immintrin.h>

#include "kernels/strip_kernels.h"

namespace phi::kernels {

namespace {

// Each of these builds on those before it.
// clang-format off
#include "kernels/strip_lanes_avx512.inc"
#include "kernels/strip_formats.inc"
#include "kernels/strip_activations.inc"
#include "kernels/strip_pairs_avx512.inc"
#include "kernels/strip_multiply_avx512.inc"
#include "kernels/strip_panels_avx512.inc"
#include "kernels/strip_multiply_bytes_avx512.inc"
#include "kernels/strip_multiply_fast_avx512.inc"
#include "kernels/strip_quantize_avx512.inc"
// clang-format on

template <class Format, DType kType>
constexpr StripKernels::MultiplyPanel fast_panel() {
  static_assert(kIsPaired<Format> == may_be_paired(kType));
  if constexpr (kIsPaired<Format>) {
    return multiply_panel<Format, static_cast<int>(fast_scale_columns(kType)) / 32>;
  } else {
    return multiply_panel_fast<Format>;
  }
}

#include "kernels/strip_table.inc"

constexpr void add_bytes(StripKernels& table) {
  static_assert(ByteStrip::kBytesOf256 == kStripRows * dtype_info(DType::q8_256).block_bytes);
  constexpr auto index = static_cast<int>(DType::q8_256);
  table.multiply_strip[index][0] = multiply_byte_strip<kFewRows[0]>;
  table.multiply_strip[index][1] = multiply_byte_strip<kFewRows[1]>;
  table.multiply_strip[index][2] = multiply_byte_strip<kFewRows[2]>;
  table.multiply_strip[index][3] = multiply_byte_strip<kFewRows[3]>;
  table.multiply_strip[index][4] = multiply_byte_strip<kFewRows[4]>;
  table.multiply_strip[index][5] = multiply_byte_strip<kFewRows[5]>;
  table.multiply_panel[index] = multiply_byte_panel;
}

constexpr StripKernels make_table() {
  StripKernels table = make_common_table();
  table.has_pairs = true;
  add_bytes(table);
  return table;
}

}  // namespace

constinit const StripKernels kStripAvx512Vnni = make_table();

}  // namespace phi::kernels
