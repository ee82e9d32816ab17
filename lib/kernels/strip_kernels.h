/// Matrix multiplication on strips (strip_layout.h): unsigned low-bit weights times 8-bit
/// activations, exact integer dot products within a group of weights, scaled and summed in f32.
///
/// One arithmetic for any number of rows: a result is
///   sum over scale groups S of a_S * (sum over weight groups g in S of d_g * dot_g - m_g * sum_g)
/// with both sums in the order of the columns, fused multiply-adds, and a_S the scale of the
/// activations, d_g and m_g scale and minimum of the weights. So a row has the same bits in a pass
/// of one row and in a pass of five hundred, and on every instruction set.
#ifndef PHI_KERNELS_STRIP_KERNELS_H_
#define PHI_KERNELS_STRIP_KERNELS_H_

#include <cstdint>

#include "base/dtype.h"

namespace phi::kernels {

/// Columns that activations and weights are worked on together.
inline constexpr int64_t kBlockColumns = 256;

/// Rows of activations in one panel of a pass over many rows.
inline constexpr int64_t kTileRows = 4;

/// Strips that a pass over many rows unpacks together, and so the outputs of one of its panels.
inline constexpr int64_t kPanelStrips = 2;
inline constexpr int64_t kPanelOutputs = kPanelStrips * kStripRows;

/// How many rows a pass over few rows can have; others are filled up.
inline constexpr int kFewRowsChoices = 6;
inline constexpr int kFewRows[kFewRowsChoices] = {1, 2, 3, 4, 6, 8};
inline constexpr int64_t kMaxFewRows = kFewRows[kFewRowsChoices - 1];

/// Columns that share a scale of the activations. c128 is for fast panels, whose weights have one
/// scale for as many columns too.
enum class ScaleColumns : int32_t { c32 = 32, c128 = 128, c256 = 256 };
inline constexpr ScaleColumns kFastScaleColumns = ScaleColumns::c128;

/// Weights of Q8_256 have as few scales as fast panels and one precision only.
constexpr ScaleColumns fast_scale_columns(DType weights) {
  return weights == DType::q8_256 ? ScaleColumns::c256 : kFastScaleColumns;
}

/// What gives the accuracy that the peers give: a scale for as many columns as the block has.
constexpr ScaleColumns default_scale_columns(DType weights) {
  return dtype_info(weights).block_elements == 32 ? ScaleColumns::c32 : ScaleColumns::c256;
}

/// What is added to the codes of activations: panels take unsigned ones.
enum class CodeOffset : int32_t { none = 0, for_panels = 128 };

/// 256 columns of n rows of quantised activations: codes int8 [64][n][4] with their offset, the
/// negated sums of 16 codes without it int32 [16][n], of 32 codes int32 [8][n], and scales f32
/// [8][n], of which the first of every scale group counts. With c128 the first sum of a scale group
/// is that of all its codes.
constexpr int64_t activation_block_bytes(int64_t rows) { return 384 * rows; }

/// Where those parts begin in a block of one row; in one of n rows it is n times as far.
inline constexpr int64_t kSumsOf16At = 256, kSumsOf32At = 320, kScalesAt = 352;

/// Activations [rows, cols] f32 on their way into blocks.
struct QuantizeRows {
  const float* x;
  int64_t x_stride, rows, cols;
  ScaleColumns scale_columns;
  CodeOffset offset;     ///< for_panels only with n = kTileRows
  int64_t block_rows;    ///< n; those beyond `rows` become zeros
  void* blocks;          ///< the first block
  int64_t block_stride;  ///< bytes from one block of columns to the next
};

/// One strip times up to 8 rows.
struct StripProduct {
  const void* strip;
  const void* activations;  ///< blocks of n rows
  int64_t activation_stride, cols;
  float* out;  ///< [n, 16]
};

/// Scratch of multiply_panel, which stays in the level-1 cache.
inline constexpr int64_t kPanelScratchBytes =
    kPanelOutputs * kBlockColumns + 3 * 16 * kPanelOutputs * 4;

/// 256 columns (fewer at the end) of two strips times many rows.
struct PanelBlock {
  const void* strips[kPanelStrips];  ///< at this block; the same twice where there is one
  const void* activations;           ///< the block of the first 4 rows; the others follow
  int64_t tiles;                     ///< rows / 4
  int64_t groups;                    ///< columns / 32, up to 8
  void* scratch;                     ///< kPanelScratchBytes, 64-byte aligned
  float* sums;                       ///< [tiles, 4, 32], 64-byte aligned
  bool is_first;                     ///< replace the sums instead of adding to them
};

struct StripKernels {
  /// scale = max|x| / 127 of its columns, codes rounded to nearest even.
  void (*quantize_rows)(const QuantizeRows& rows);

  /// By type and index of n in kFewRows; null for types without strips. Activations have the
  /// default scale columns.
  using MultiplyStrip = void (*)(const StripProduct& product);
  MultiplyStrip multiply_strip[kDTypes][kFewRowsChoices];

  /// By type. Activations have the default scale columns and codes for panels.
  using MultiplyPanel = void (*)(const PanelBlock& block);
  MultiplyPanel multiply_panel[kDTypes];

  /// The same with weights rounded to 8 bits with one scale for 128 columns of a row: hardly any
  /// scaling is left beside the integer products. Activations have the fast scale columns and
  /// codes for panels. Null where that is no faster.
  MultiplyPanel multiply_panel_fast[kDTypes];
};

extern const StripKernels kStripAvx2, kStripAvx512Vnni;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_STRIP_KERNELS_H_
