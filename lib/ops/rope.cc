#include "ops/rope.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"

namespace phi::ops {

namespace {

constexpr int64_t kRowsPerTask = 4;  // some microseconds at Phi-4 size

}  // namespace

void fill_rope_table(const RopeRows& rows, const RopeTable& table, const RunContext& run) {
  run.parallel_for(ceil_div(rows.rows, kRowsPerTask), [&](int64_t task, int) {
    if (run.stopped()) return;
    const int64_t end = std::min(rows.rows, (task + 1) * kRowsPerTask);
    for (int64_t r = task * kRowsPerTask; r < end; ++r) {
      const auto position = static_cast<float>(rows.first + r);
      float *cosine = table.cosine + r * table.half, *sine = table.sine + r * table.half;
      for (int64_t i = 0; i < table.half; ++i) {
        const double angle = position * rows.inverse_frequency[static_cast<size_t>(i)];
        cosine[i] = static_cast<float>(std::cos(angle)) * rows.attention_factor;
        sine[i] = static_cast<float>(std::sin(angle)) * rows.attention_factor;
      }
    }
  });
}

void rotate(const HeadRows& rows, const RopeTable& table, weights::RopePairs pairs,
            const kernels::Kernels& kernels, const RunContext& run) {
  const auto rotate_head = pairs == weights::RopePairs::halves ? kernels.vector->rope_halves
                                                               : kernels.vector->rope_neighbours;
  run.parallel_for(ceil_div(rows.rows, kRowsPerTask), [&](int64_t task, int) {
    if (run.stopped()) return;
    const int64_t end = std::min(rows.rows, (task + 1) * kRowsPerTask);
    for (int64_t r = task * kRowsPerTask; r < end; ++r) {
      for (int64_t h = 0; h < rows.heads; ++h) {
        float* head = rows.data + r * rows.stride + h * rows.head_dim;
        rotate_head(head, table.cosine + r * table.half, table.sine + r * table.half, table.half);
      }
    }
  });
}

}  // namespace phi::ops
