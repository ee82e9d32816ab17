#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/checked.h"

namespace phi::ops {

namespace {

using kernels::kKeyBlock;
using kernels::padded;

static_assert(static_cast<int>(Kv::bf16) == 0 && static_cast<int>(Kv::f32) == 1 &&
                  static_cast<int>(Kv::int8) == 2,
              "the kernels list the cache's types in this order");

/// Query rows, all heads of a group counted, that meet a block of keys together: what fits the
/// level-2 cache beside it.
constexpr int64_t kTileRows = 128;

/// Positions of one task of generation.
constexpr int64_t kRange = 512;

/// Results of ranges that one task merges; fewer than this in all are not worth a second thread.
constexpr int64_t kMergesPerTask = 256;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

int64_t tile_positions(const AttentionShape& shape) {
  return std::max<int64_t>(1, kTileRows / shape.group());
}
int64_t tile_rows(const AttentionShape& shape) { return tile_positions(shape) * shape.group(); }

/// Cuts a worker's scratch into pieces; every piece begins at a cache line.
class Carver {
 public:
  explicit Carver(float* base) : base_(base) {}
  float* take(int64_t floats) {
    float* piece = base_ == nullptr ? nullptr : base_ + used_;
    used_ += padded(floats);
    return piece;
  }
  int64_t used() const { return used_; }

 private:
  float* base_;
  int64_t used_ = 0;
};

/// What one worker needs for one tile of queries.
struct TileScratch {
  TileScratch(const AttentionShape& shape, Carver carver)
      : q(carver.take(tile_rows(shape) * shape.head_dim)),
        keys(carver.take(shape.head_dim * kKeyBlock)),
        values(carver.take(kKeyBlock * padded(shape.head_dim))),
        scores(carver.take(tile_rows(shape) * kKeyBlock)),
        acc(carver.take(tile_rows(shape) * padded(shape.head_dim))),
        maximum(carver.take(tile_rows(shape))),
        sum(carver.take(tile_rows(shape))),
        shrink(carver.take(tile_rows(shape))),
        floats(carver.used()) {}
  float* q;                       ///< [tile_rows, head_dim], scaled
  float* keys;                    ///< [head_dim, kKeyBlock]
  float* values;                  ///< [kKeyBlock, padded head_dim]
  float* scores;                  ///< [tile_rows, kKeyBlock]
  float* acc;                     ///< [tile_rows, padded head_dim]
  float *maximum, *sum, *shrink;  ///< [tile_rows]
  int64_t floats;
};

/// Online softmax of one range of positions for one group of query heads: [group] maxima, [group]
/// sums, [group, padded dim].
struct RangeResult {
  RangeResult(const AttentionShape& shape, Carver carver)
      : maximum(carver.take(shape.group())),
        sum(carver.take(shape.group())),
        acc(carver.take(shape.group() * padded(shape.head_dim))),
        floats(carver.used()) {}
  float *maximum, *sum, *acc;
  int64_t floats;
};

int64_t worker_floats(const AttentionShape& shape) {
  return TileScratch(shape, Carver(nullptr)).floats;
}
int64_t range_floats(const AttentionShape& shape) {
  return RangeResult(shape, Carver(nullptr)).floats;
}

/// Consecutive cached rows of one KV head.
struct CachedRows {
  const std::byte* data;
  const float* scales;
};

CachedRows cached_rows(const std::byte* base, const float* scales, const KvView& cache,
                       int64_t kv_head, int64_t position) {
  const int64_t row = kv_head * cache.capacity + position;
  return {base + row * cache.head_dim * kv_element_bytes(cache.type),
          scales ? scales + row : nullptr};
}

CachedRows cached_keys(const KvView& cache, int64_t kv_head, int64_t position) {
  return cached_rows(cache.keys, cache.key_scales, cache, kv_head, position);
}

CachedRows cached_values(const KvView& cache, int64_t kv_head, int64_t position) {
  return cached_rows(cache.values, cache.value_scales, cache, kv_head, position);
}

/// Scores of keys [first, first + kKeyBlock) that the query at `position` must not see become
/// -infinity.
void hide_keys(const AttentionShape& shape, int64_t position, int64_t first, float* scores) {
  const int64_t begin = std::clamp<int64_t>(shape.first_visible(position) - first, 0, kKeyBlock);
  const int64_t end = std::clamp<int64_t>(position + 1 - first, begin, kKeyBlock);
  std::fill(scores, scores + begin, -kInfinity);
  std::fill(scores + end, scores + kKeyBlock, -kInfinity);
}

float score_scale(const AttentionShape& shape) {
  return 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
}

/// One call, as its tasks see it.
struct Call {
  const Queries& queries;
  const AttentionShape& shape;
  const KvView& cache;
  const kernels::VectorKernels& kernels;

  int type() const { return static_cast<int>(cache.type); }
};

/// A tile of consecutive query positions with all query heads of one KV head. Tile row i belongs to
/// position i / group.
class PromptTile {
 public:
  PromptTile(const Call& call, const TileScratch& scratch, int64_t kv_head, int64_t first_row)
      : call_(call),
        scratch_(scratch),
        dim_(call.shape.head_dim),
        kv_head_(kv_head),
        first_row_(first_row),
        positions_(std::min(tile_positions(call.shape), call.queries.rows - first_row)),
        rows_(positions_ * call.shape.group()) {}

  void run(const RunContext& run) {
    gather_queries();
    const int64_t end = position(rows_ - 1) + 1;
    const int64_t first_block = call_.shape.first_visible(position(0)) / kKeyBlock;
    for (int64_t first_key = first_block * kKeyBlock; first_key < end; first_key += kKeyBlock) {
      if (run.stopped()) return;
      attend_block(first_key, std::min(kKeyBlock, end - first_key));
    }
    scatter_results();
  }

 private:
  int64_t position(int64_t i) const {
    return call_.queries.position + first_row_ + i / call_.shape.group();
  }

  /// Where tile row i lies in the caller's rows.
  int64_t offset(int64_t i, int64_t stride) const {
    const int64_t head = kv_head_ * call_.shape.group() + i % call_.shape.group();
    return (first_row_ + i / call_.shape.group()) * stride + head * dim_;
  }

  void gather_queries() {
    const float scale = score_scale(call_.shape);
    for (int64_t i = 0; i < rows_; ++i) {
      const float* from = call_.queries.q + offset(i, call_.queries.stride);
      std::transform(from, from + dim_, scratch_.q + i * dim_,
                     [scale](float x) { return x * scale; });
    }
    std::fill_n(scratch_.acc, rows_ * padded(dim_), 0.0F);
    std::fill_n(scratch_.maximum, rows_, -kInfinity);
    std::fill_n(scratch_.sum, rows_, 0.0F);
  }

  void attend_block(int64_t first_key, int64_t keys) {
    const kernels::VectorKernels& kernels = call_.kernels;
    const CachedRows k = cached_keys(call_.cache, kv_head_, first_key);
    const CachedRows v = cached_values(call_.cache, kv_head_, first_key);
    kernels.load_keys[call_.type()](k.data, k.scales, keys, dim_, scratch_.keys);
    kernels.load_values[call_.type()](v.data, v.scales, keys, dim_, scratch_.values);
    kernels.attention_scores(scratch_.q, rows_, scratch_.keys, dim_, scratch_.scores);
    for (int64_t i = 0; i < rows_; ++i) {
      hide_keys(call_.shape, position(i), first_key, scratch_.scores + i * kKeyBlock);
    }
    kernels.softmax_block(scratch_.scores, rows_, scratch_.maximum, scratch_.sum, scratch_.shrink);
    kernels.attention_accumulate(scratch_.scores, scratch_.shrink, rows_, scratch_.values, keys,
                                 dim_, scratch_.acc);
  }

  void scatter_results() {
    for (int64_t i = 0; i < rows_; ++i) {
      const float* from = scratch_.acc + i * padded(dim_);
      float* to = call_.queries.out + offset(i, call_.queries.out_stride);
      std::transform(from, from + dim_, to, [sum = scratch_.sum[i]](float x) { return x / sum; });
    }
  }

  const Call& call_;
  const TileScratch& scratch_;
  int64_t dim_, kv_head_, first_row_, positions_, rows_;
};

/// Positions [begin, end) for the query heads of one KV head.
struct Range {
  int64_t kv_head, begin, end;
};

void attend_range(const Call& call, const Range& range, const TileScratch& scratch,
                  const RangeResult& result) {
  const int64_t group = call.shape.group(), dim = call.shape.head_dim;
  const float* q = call.queries.q + range.kv_head * group * dim;
  std::fill_n(result.acc, group * padded(dim), 0.0F);
  std::fill_n(result.maximum, group, -kInfinity);
  std::fill_n(result.sum, group, 0.0F);
  for (int64_t first = range.begin; first < range.end; first += kKeyBlock) {
    const int64_t keys = std::min(kKeyBlock, range.end - first);
    const CachedRows k = cached_keys(call.cache, range.kv_head, first);
    const CachedRows v = cached_values(call.cache, range.kv_head, first);
    call.kernels.key_scores[call.type()](q, group, k.data, k.scales, keys, dim,
                                         score_scale(call.shape), scratch.scores);
    for (int64_t i = 0; i < group; ++i) {
      hide_keys(call.shape, call.queries.position, first, scratch.scores + i * kKeyBlock);
    }
    call.kernels.softmax_block(scratch.scores, group, result.maximum, result.sum, scratch.shrink);
    call.kernels.add_values[call.type()](scratch.scores, scratch.shrink, group, v.data, v.scales,
                                         keys, dim, result.acc);
  }
}

/// out [head_dim] of the query head `i` of a group, from the results of all ranges in order.
template <class ResultOf>
void merge_ranges(const AttentionShape& shape, int64_t ranges, int64_t i, const ResultOf& result_of,
                  float* out) {
  float maximum = -kInfinity, sum = 0;
  for (int64_t range = 0; range < ranges; ++range)
    maximum = std::max(maximum, result_of(range).maximum[i]);
  std::fill_n(out, shape.head_dim, 0.0F);
  for (int64_t range = 0; range < ranges; ++range) {
    const RangeResult part = result_of(range);
    const float weight = std::exp(part.maximum[i] - maximum);
    const float* acc = part.acc + i * padded(shape.head_dim);
    sum += weight * part.sum[i];
    for (int64_t d = 0; d < shape.head_dim; ++d) out[d] += weight * acc[d];
  }
  for (int64_t d = 0; d < shape.head_dim; ++d) out[d] /= sum;
}

}  // namespace

AttentionScratch::AttentionScratch(const AttentionShape& shape, int64_t context, int threads)
    : shape_(shape),
      worker_floats_(worker_floats(shape)),
      threads_(threads),
      buffer_(size_bytes(shape, context, threads), "attention scratch") {}

uint64_t AttentionScratch::size_bytes(const AttentionShape& shape, int64_t context, int threads) {
  const int64_t ranges = ceil_div(context, kRange) * shape.kv_heads;
  return static_cast<uint64_t>(threads * worker_floats(shape) + ranges * range_floats(shape)) *
         sizeof(float);
}

void store_kv(const NewRows& rows, const KvView& cache, const kernels::Kernels& kernels,
              const RunContext& run) {
  constexpr int64_t kRowsPerTask = 16;
  const auto store = kernels.vector->store_row[static_cast<int>(cache.type)];
  const int64_t dim = cache.head_dim, row_bytes = dim * kv_element_bytes(cache.type);
  run.threads.parallel_for(ceil_div(rows.rows, kRowsPerTask), [&](int64_t task, int) {
    if (run.stopped()) return;
    const int64_t end = std::min(rows.rows, (task + 1) * kRowsPerTask);
    for (int64_t r = task * kRowsPerTask; r < end; ++r) {
      for (int64_t head = 0; head < cache.kv_heads; ++head) {
        const int64_t from = r * rows.stride + head * dim;
        const int64_t to = head * cache.capacity + rows.position + r;
        const bool scaled = cache.type == Kv::int8;
        store(rows.keys + from, dim, cache.keys + to * row_bytes,
              scaled ? cache.key_scales + to : nullptr);
        store(rows.values + from, dim, cache.values + to * row_bytes,
              scaled ? cache.value_scales + to : nullptr);
      }
    }
  });
}

void attend_prompt(const Queries& queries, const KvView& cache, AttentionScratch& scratch,
                   const kernels::Kernels& kernels, const RunContext& run) {
  const AttentionShape& shape = scratch.shape();
  const Call call{queries, shape, cache, *kernels.vector};
  const int64_t tiles = ceil_div(queries.rows, tile_positions(shape));
  run.threads.parallel_for(tiles * shape.kv_heads, [&](int64_t task, int worker) {
    if (run.stopped()) return;
    const TileScratch tile_scratch(shape, Carver(scratch.worker(worker)));
    const int64_t tile = tiles - 1 - task / shape.kv_heads;  // the tiles with the most keys first
    PromptTile(call, tile_scratch, task % shape.kv_heads, tile * tile_positions(shape)).run(run);
  });
}

void attend_next(const Queries& queries, const KvView& cache, AttentionScratch& scratch,
                 const kernels::Kernels& kernels, const RunContext& run) {
  const AttentionShape& shape = scratch.shape();
  const Call call{queries, shape, cache, *kernels.vector};
  const int64_t end = queries.position + 1;
  const int64_t start = shape.first_visible(queries.position) / kKeyBlock * kKeyBlock;
  const int64_t first_range = start / kRange;
  const int64_t ranges = ceil_div(end, kRange) - first_range;
  const int64_t result_floats = range_floats(shape);
  const auto result_of = [&](int64_t kv_head, int64_t range) {
    return RangeResult(shape,
                       Carver(scratch.ranges() + (kv_head * ranges + range) * result_floats));
  };
  run.threads.parallel_for(shape.kv_heads * ranges, [&](int64_t task, int worker) {
    if (run.stopped()) return;
    const TileScratch tile_scratch(shape, Carver(scratch.worker(worker)));
    const int64_t kv_head = task / ranges, begin = (first_range + task % ranges) * kRange;
    const Range range{kv_head, std::max(begin, start), std::min(begin + kRange, end)};
    attend_range(call, range, tile_scratch, result_of(kv_head, task % ranges));
  });
  const int64_t heads_per_task = std::max<int64_t>(1, kMergesPerTask / ranges);
  run.threads.parallel_for(ceil_div(shape.heads, heads_per_task), [&](int64_t task, int) {
    const int64_t last = std::min(shape.heads, (task + 1) * heads_per_task);
    for (int64_t head = task * heads_per_task; head < last; ++head) {
      const int64_t kv_head = head / shape.group();
      const auto result_of_range = [&](int64_t range) { return result_of(kv_head, range); };
      merge_ranges(shape, ranges, head % shape.group(), result_of_range,
                   queries.out + head * shape.head_dim);
    }
  });
}

}  // namespace phi::ops
