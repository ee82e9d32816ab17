// Vector kernels for AVX-512 (F, BW, DQ, VL): registers of 16 floats.
#include <immintrin.h>

#include <cstddef>

#include "kernels/vector_kernels.h"

namespace phi::kernels {

namespace {

#include "kernels/vector_prelude_avx512.inc"
// What that defines, this needs.
#include "kernels/vector_kernels.inc"

}  // namespace

const VectorKernels kVectorAvx512 = kTable;

}  // namespace phi::kernels
