// The kernels for any processor.

#include "kernels/dispatch.h"

namespace phi::kernels {

namespace {

// Each of these builds on those before it.
// clang-format off
#include "kernels/matrix_prelude_base.inc"
#include "kernels/matrix_formats.inc"
#include "kernels/matrix_gemv_base.inc"
#include "kernels/matrix_portable.inc"
// clang-format on

}  // namespace

constinit const MatrixKernels kMatrixBase = with_gemv(portable_table());

}  // namespace phi::kernels
