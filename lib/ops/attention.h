/// Causal attention over the KV cache: grouped query heads, an optional sliding window, online
/// softmax over blocks of keys.
///
/// The cache lies as the processor's dot products want it and is read in place. Two ways of
/// summing, as in linear.h. `attend_prompt` lets a tile of query rows meet a block of cached keys;
/// blocks lie at fixed positions, so that a row's result has the same bits however the prompt is
/// cut into calls, however many rows a call has and whichever threads run it. `attend_next` serves
/// one row: it reads each cached row once for all query heads of its group, cuts the context into
/// ranges at fixed positions so that there is work for all threads, and merges their results in
/// order. Memory grows with the context only by a few numbers per range.
#ifndef PHI_OPS_ATTENTION_H_
#define PHI_OPS_ATTENTION_H_

#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/run_context.h"
#include "kernels/dispatch.h"
#include "ops/kv_view.h"

namespace phi::ops {

/// Query head j reads KV head j / (heads / kv_heads).
struct AttentionShape {
  int64_t heads, kv_heads, head_dim;
  int64_t window;  ///< keys visible to a query, itself included; 0 = all

  int64_t group() const noexcept { return heads / kv_heads; }
  /// The first key that the query at `position` sees.
  int64_t first_visible(int64_t position) const noexcept {
    return window > 0 && position >= window ? position - window + 1 : 0;
  }
};

/// Scratch of one session's attention, and the shape that it is for; one call at a time.
class AttentionScratch {
 public:
  AttentionScratch(const AttentionShape& shape, int64_t context, int threads);
  static uint64_t size_bytes(const AttentionShape& shape, int64_t context, int threads);
  void touch() noexcept { buffer_.touch(); }

  const AttentionShape& shape() const noexcept { return shape_; }

  /// Floats of one worker; counters of one call, [kv_heads]; floats of the results of all ranges.
  float* worker(int index) noexcept { return buffer_.as<float>() + index * worker_floats_; }
  int32_t* finished() noexcept { return buffer_.as<int32_t>() + threads_ * worker_floats_; }
  float* ranges() noexcept { return worker(threads_) + kernels::padded(shape_.kv_heads); }

 private:
  AttentionShape shape_;
  int64_t worker_floats_;
  int threads_;
  AlignedBuffer buffer_;
};

/// Rows of keys and values, after rotation, on their way into the cache: [rows, kv_heads, head_dim]
/// f32, rows `stride` apart.
struct NewRows {
  const float* keys;
  const float* values;
  int64_t stride, rows;
  int64_t position;  ///< of the first row
};
void store_kv(const NewRows& rows, const KvView& cache, const kernels::Kernels& kernels,
              const RunContext& run);

/// Rotated queries [rows, heads, head_dim] f32 and where their results go, [rows, heads * head_dim]
/// f32; rows lie `stride` and `out_stride` apart. The cache holds all positions up to and including
/// each query's own.
struct Queries {
  const float* q;
  int64_t stride, rows;
  int64_t position;  ///< of the first row
  float* out;
  int64_t out_stride;
};
void attend_prompt(const Queries& queries, const KvView& cache, AttentionScratch& scratch,
                   const kernels::Kernels& kernels, const RunContext& run);

/// queries.rows = 1.
void attend_next(const Queries& queries, const KvView& cache, AttentionScratch& scratch,
                 const kernels::Kernels& kernels, const RunContext& run);

}  // namespace phi::ops

#endif  // PHI_OPS_ATTENTION_H_
