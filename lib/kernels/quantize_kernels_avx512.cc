// Quantisers for AVX-512: registers of 16 floats.
#include <immintrin.h>

#include "kernels/quantize.h"
#include "kernels/quantize_kernels.h"

namespace phi::kernels {

namespace {

using Vec = float __attribute__((vector_size(64)));

inline Vec smaller(Vec a, Vec b) { return _mm512_min_ps(a, b); }
inline Vec larger(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec nearest_integer(Vec v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

#include "kernels/quantize_table.inc"

}  // namespace

const QuantizeKernels kQuantizeAvx512 = kTable;

}  // namespace phi::kernels
