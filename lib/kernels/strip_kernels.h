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

/// Passes over fewer rows wait for memory, or gain less by pairs than it costs to work out what is
/// to be taken off.
inline constexpr int64_t kMinPairedRows = 6;

/// Columns that share a scale of the activations.
enum class ScaleColumns : int32_t { c32 = 32, c64 = 64, c128 = 128, c256 = 256 };

/// Weights whose kernels may multiply pairs (strip_pairs_avx512.inc). That leaves activations fewer
/// codes, on every instruction set, so that results have the same bits on all of them.
constexpr bool may_be_paired(DType weights) {
  return weights == DType::q4_0 || weights == DType::q4_1 || weights == DType::q4_k;
}

/// What gives the accuracy that the peers give: a scale for as many columns as the block has, for
/// fewer where the codes are fewer too.
constexpr ScaleColumns default_scale_columns(DType weights) {
  if (dtype_info(weights).block_elements == 32) return ScaleColumns::c32;
  return may_be_paired(weights) ? ScaleColumns::c128 : ScaleColumns::c256;
}

/// Fast panels scale less often. Those of weights that are not paired have weights with one scale
/// for as many columns too.
constexpr ScaleColumns fast_scale_columns(DType weights) {
  if (weights == DType::q4_k) return ScaleColumns::c256;
  return may_be_paired(weights) ? ScaleColumns::c64 : ScaleColumns::c128;
}

/// How the codes of activations lie in a block: as they are; 128 larger, which panels take as
/// unsigned; or for pairs, those of even steps 120 larger and those of odd ones 8 smaller.
enum class CodeForm : int32_t { as_is, for_panels, for_pairs };
inline constexpr int kEvenStepOffset = 120, kOddStepOffset = -8;

/// What the largest magnitude of columns that share a scale becomes: 127; or 120, 119 or 117, of
/// which the first with the least squared error is taken. That makes up for there being fewer
/// codes, which with a weight of 0 to 15 added still are bytes.
enum class CodeRange : int32_t { to_127, to_120 };
constexpr CodeRange code_range(DType weights) {
  return may_be_paired(weights) ? CodeRange::to_120 : CodeRange::to_127;
}

/// 256 columns of n rows of quantised activations: codes int8 [64][n][4] in one of the forms; the
/// negated sums of 16 codes as they are int32 [16][n]; those of 32 codes int32 [8][n]; and scales
/// f32 [8][n], of which the first of every scale group counts. In the place of the sums of 16, for
/// pairs, is what the sums of a group's pairs begin with, [8][n], then the same for weights whose
/// codes are 8 too large.
constexpr int64_t activation_block_bytes(int64_t rows) { return 384 * rows; }

/// Where those parts begin in a block of one row; in one of n rows it is n times as far.
inline constexpr int64_t kSumsOf16At = 256, kSumsOf32At = 320, kScalesAt = 352;

/// Activations [rows, cols] f32 on their way into blocks.
struct QuantizeRows {
  const float* x;
  int64_t x_stride, rows, cols;
  ScaleColumns scale_columns;
  CodeRange code_range;
  CodeForm form;         ///< for_panels only with n = kTileRows
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
  /// scale = max|x| of its columns / what that becomes; codes x / scale rounded to nearest even.
  void (*quantize_rows)(const QuantizeRows& rows);

  /// Weights that may be paired take activations for pairs in panels and from kMinPairedRows on.
  bool has_pairs;

  /// By type and index of n in kFewRows; null for types without strips. Activations have the
  /// default scale columns.
  using MultiplyStrip = void (*)(const StripProduct& product);
  MultiplyStrip multiply_strip[kDTypes][kFewRowsChoices];

  /// By type. Activations have the default scale columns and codes for panels, or pairs.
  using MultiplyPanel = void (*)(const PanelBlock& block);
  MultiplyPanel multiply_panel[kDTypes];

  /// The same with the fast scale columns. Weights that are not paired are rounded to 8 bits with
  /// one scale for as many columns of a row: hardly any scaling is left beside the integer
  /// products. Null where that is no faster.
  MultiplyPanel multiply_panel_fast[kDTypes];
};

extern const StripKernels kStripAvx2, kStripAvx512Vnni;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_STRIP_KERNELS_H_
