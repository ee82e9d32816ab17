// Quantisers for AVX2: registers of 8 floats.
#include <immintrin.h>

#include "kernels/quantize.h"
#include "kernels/quantize_kernels.h"

namespace phi::kernels {

namespace {

using Vec = float __attribute__((vector_size(32)));

inline Vec smaller(Vec a, Vec b) { return _mm256_min_ps(a, b); }
inline Vec larger(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec nearest_integer(Vec v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

#include "kernels/quantize_table.inc"

}  // namespace

const QuantizeKernels kQuantizeAvx2 = kTable;

}  // namespace phi::kernels
