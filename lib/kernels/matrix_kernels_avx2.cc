// The kernels for processors with AVX2, FMA and F16C.

#include <immintrin.h>

#include "kernels/matrix_kernels.h"

namespace phi::kernels {

namespace {

// Each of these builds on those before it.
// clang-format off
#include "kernels/matrix_prelude_x86.inc"
#include "kernels/matrix_formats.inc"
#include "kernels/matrix_gemv_avx2.inc"
#include "kernels/matrix_portable.inc"
#include "kernels/matrix_panels_avx2.inc"
// clang-format on

}  // namespace

constinit const MatrixKernels kMatrixAvx2 = with_panels(with_gemv(portable_table()));

}  // namespace phi::kernels
