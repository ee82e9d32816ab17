/// Rotary position embedding: https://arxiv.org/abs/2104.09864
#ifndef PHI_OPS_ROPE_H_
#define PHI_OPS_ROPE_H_

#include <cstdint>
#include <span>

#include "base/run_context.h"
#include "kernels/dispatch.h"
#include "weights/model_config.h"

namespace phi::ops {

/// cos and sin for consecutive positions, each [rows, half] f32, where half = rotary_dim / 2.
/// Borrowed.
struct RopeTable {
  float* cosine;
  float* sine;
  int64_t half;
};

/// Positions first .. first + rows - 1 and what they are turned by.
struct RopeRows {
  int64_t first, rows;
  std::span<const float> inverse_frequency;  ///< [half]
  float attention_factor;
};

/// Fills the table, times the attention factor. The angle is rounded to f32 before its cosine is
/// taken, as the reference implementations do: at large positions that rounding is larger than any
/// tolerance.
void fill_rope_table(const RopeRows& rows, const RopeTable& table, const RunContext& run);

/// Heads of a number of rows, [rows, heads, head_dim] f32, the heads side by side and the rows
/// `stride` apart.
struct HeadRows {
  float* data;
  int64_t stride, rows, heads, head_dim;
};

/// Rotates every head of row r by row r of the table; elements from 2 * half on stay as they are.
void rotate(const HeadRows& rows, const RopeTable& table, weights::RopePairs pairs,
            const kernels::Kernels& kernels, const RunContext& run);

}  // namespace phi::ops

#endif  // PHI_OPS_ROPE_H_
