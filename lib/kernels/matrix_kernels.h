/// Kernels on weight matrices: unpacking, packing for matrix multiplication, and matrix times
/// vector from the packed form. A table of plain functions, one table per instruction set;
/// dispatch.h chooses.
#ifndef PHI_KERNELS_MATRIX_KERNELS_H_
#define PHI_KERNELS_MATRIX_KERNELS_H_

#include <cstdint>

#include "base/dtype.h"

namespace phi::kernels {

/// Activations are quantised in groups of this many elements for the integer dot products.
inline constexpr int64_t kActivationGroup = 32;

/// Weight rows that one packed panel holds side by side.
inline constexpr int64_t kPanelRows = 64;

/// The quantised form of a row of activations is filled up with zeros to a multiple of this many
/// elements.
inline constexpr int64_t kActivationTile = 256;

/// x[i] ~ scale[i/32] * quantized[i]; sum[g] = scale[g] * sum of quantized in group g.
struct QuantizedActivation {
  int8_t* quantized;
  int8_t* interleaved;  ///< the same; of every 128, first those with i % 32 < 16, then the others
  float* factors;       ///< per 256 elements 8 scales, then 8 sums
};

/// One row of activations [cols]. `values` is always set, the quantised form where gemv_input says
/// so.
struct Activation {
  const float* values;
  QuantizedActivation q;
};

enum class GemvInput : int32_t { values, quantized };

/// Block formats go through integer dot products, plain types through float ones.
constexpr GemvInput gemv_input(DType type) {
  return is_quantized(type) ? GemvInput::quantized : GemvInput::values;
}

struct MatrixKernels {
  /// dst[i] = value of element i, i < n; n is a multiple of the block. Bit-exact: the same on every
  /// instruction set and as ggml's.
  using Dequantize = void (*)(const void* src, float* dst, int64_t n);
  Dequantize dequantize[kDTypes];

  /// y[r] = sum over c of row(r)[c] * x[c], r < rows. Each row is summed in one fixed order,
  /// whatever `rows` is.
  using Gemv = void (*)(const void* first_row, int64_t row_bytes, int64_t rows, int64_t cols,
                        const Activation* x, float* y);
  Gemv gemv[kDTypes];

  /// Quantises n (a multiple of 32) activations; scale = max|x| / 127, round to nearest even.
  void (*quantize_activation)(const float* x, int64_t n, const QuantizedActivation& out);

  /// Round to nearest even.
  void (*to_bf16)(const float* src, uint16_t* dst, int64_t n);

  /// Packs `rows` (<= 64) rows of f32 [rows, k] with stride `src_stride` into a panel for the bf16
  /// GEMM: dst[(c/2)*128 + r*2 + c%2], c < k rounded up to even; rows and columns beyond the data
  /// are zero.
  void (*pack_panel_bf16)(const float* src, int64_t src_stride, int64_t rows, int64_t k,
                          uint16_t* dst);
  /// The same from rows of bf16 that lie row_bytes apart, without alignment.
  void (*copy_panel_bf16)(const void* first_row, int64_t row_bytes, int64_t rows, int64_t k,
                          uint16_t* dst);
  /// The same for the f32 GEMM: dst[c*64 + r].
  void (*pack_panel_f32)(const float* src, int64_t src_stride, int64_t rows, int64_t k, float* dst);

  /// c[m, 64] (+)= a[m, k] * panel, f32, for processors where oneDNN has no micro-kernel; summed
  /// over k in order.
  void (*gemm_panel_f32)(const float* a, int64_t a_stride, int64_t m, int64_t k, const float* panel,
                         float* c, int32_t add);
};

/// One table per instruction set, each defined in the file compiled for it. Those above base exist
/// on x86-64 only.
extern const MatrixKernels kMatrixBase, kMatrixAvx2, kMatrixAvx512, kMatrixAvx512Vnni;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_MATRIX_KERNELS_H_
