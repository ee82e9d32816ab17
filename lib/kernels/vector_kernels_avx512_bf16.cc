// Vector kernels for AVX-512 with VNNI and BF16: attention multiplies in bf16, in generation over
// int8 caches in exact integers. All sums beyond that are f32.
#include <immintrin.h>

#include <cstddef>

#include "kernels/vector_kernels.h"

namespace phi::kernels {

namespace {

#include "kernels/vector_prelude_avx512.inc"
// What that defines, this needs.
#include "kernels/vector_kernels.inc"
// And both, these, in this order.
// clang-format off
#include "kernels/vector_dots_avx512_bf16.inc"
#include "kernels/vector_dots_avx512_int8.inc"
// clang-format on

}  // namespace

const VectorKernels kVectorAvx512Bf16 = {
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .rope_halves = rope_halves,
    .rope_neighbours = rope_neighbours,
    .attention = {kBf16Cache, kWidenedCache<uint32_t>, kInt8DotsCache},
};

}  // namespace phi::kernels
