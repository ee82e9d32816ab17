// Strip kernels for processors with AVX2, FMA and F16C.

#include <immintrin.h>

#include "kernels/strip_kernels.h"

namespace phi::kernels {

namespace {

// Each of these builds on those before it.
// clang-format off
#include "kernels/strip_lanes_avx2.inc"
#include "kernels/strip_formats.inc"
#include "kernels/strip_activations.inc"
#include "kernels/strip_multiply_avx2.inc"
#include "kernels/strip_quantize_avx2.inc"
// clang-format on

/// With 16-bit sums there is nothing to be gained.
template <class Format, DType kType>
constexpr StripKernels::MultiplyPanel fast_panel() {
  return nullptr;
}

#include "kernels/strip_table.inc"

constexpr StripKernels make_table() {
  StripKernels table = make_common_table();
  add_format<StripQ8_256, DType::q8_256>(table);
  return table;
}

}  // namespace

constinit const StripKernels kStripAvx2 = make_table();

}  // namespace phi::kernels
