// The kernels for processors with AVX-512 F, BW, DQ and VL.

#include <immintrin.h>

#include "kernels/matrix_kernels.h"

namespace phi::kernels {

namespace {

/// 16 sums, each increased by four products; exact while codes are at most 128.
inline __m512i dot_bytes(__m512i sum, __m512i codes, __m512i x) {
  return _mm512_add_epi32(sum,
                          _mm512_madd_epi16(_mm512_maddubs_epi16(codes, x), _mm512_set1_epi16(1)));
}

// Each of these builds on those before it.
// clang-format off
#include "kernels/matrix_prelude_x86.inc"
#include "kernels/matrix_formats.inc"
#include "kernels/matrix_tiles_avx512.inc"
#include "kernels/matrix_gemv_avx512.inc"
#include "kernels/matrix_portable.inc"
#include "kernels/matrix_panels_avx512.inc"
// clang-format on

}  // namespace

constinit const MatrixKernels kMatrixAvx512 = with_panels(with_gemv(portable_table()));

}  // namespace phi::kernels
