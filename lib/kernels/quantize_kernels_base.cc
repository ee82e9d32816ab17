// Quantisers for every processor: registers of 4 floats.
#include "kernels/quantize.h"
#include "kernels/quantize_kernels.h"

namespace phi::kernels {

namespace {

using Vec = float __attribute__((vector_size(16)));

inline Vec smaller(Vec a, Vec b) { return a < b ? a : b; }
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }
inline Vec nearest_integer(Vec v) {
  const Vec rounder = Vec{} + 0x1.8p23f;  // the sum has no room for a fraction
  return (v + rounder) - rounder;
}

#include "kernels/quantize_table.inc"

}  // namespace

const QuantizeKernels kQuantizeBase = kTable;

}  // namespace phi::kernels
