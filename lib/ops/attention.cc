#include "ops/attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "base/checked.h"

namespace phi::ops {

namespace {

using kernels::kKeyBlock;
using kernels::kStrip;
using kernels::padded;

static_assert(static_cast<int>(Kv::bf16) == 0 && static_cast<int>(Kv::f32) == 1 &&
                  static_cast<int>(Kv::int8) == 2,
              "the kernels list the cache's types in this order");

/// Query rows, all heads of a group counted, that meet a block of keys together: what fits the
/// level-2 cache beside it.
constexpr int64_t kTileRows = 128;

/// Scores that one task of a prompt computes where runs are sliced: about a millisecond of them.
constexpr int64_t kMaxSlicedScores = kTileRows * 2048;

/// Positions of one task of generation.
constexpr int64_t kRange = 512;
static_assert(kRange % kKeyBlock == 0);

/// Bytes of a query in any form: as floats, and a cache line for what belongs to it.
constexpr int64_t max_query_bytes(int64_t dim) { return padded(dim) * 4 + 64; }

constexpr float kInfinity = std::numeric_limits<float>::infinity();

int64_t tile_positions(const AttentionShape& shape) {
  return std::max<int64_t>(1, kTileRows / shape.group());
}
int64_t tile_rows(const AttentionShape& shape) { return tile_positions(shape) * shape.group(); }

/// Of a prompt. Results do not depend on it.
int64_t positions_per_tile(const Queries& queries, const AttentionShape& shape,
                           const RunContext& run) {
  const int64_t most = tile_positions(shape);
  if (!run.is_sliced()) return most;
  const int64_t end = queries.position + queries.rows;
  const int64_t keys = shape.window > 0 ? std::min(end, shape.window + most) : end;
  return std::clamp<int64_t>(kMaxSlicedScores / (keys * shape.group()), 1, most);
}

/// Cuts scratch into pieces; every piece begins at a cache line.
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

/// Online softmax of some rows: what has been summed so far.
struct Results {
  Results(const AttentionShape& shape, int64_t rows, Carver& carver)
      : maximum(carver.take(rows + kernels::kVectorPad)),
        sum(carver.take(rows + kernels::kVectorPad)),
        acc(carver.take(rows * padded(shape.head_dim))) {}

  void clear(const AttentionShape& shape, int64_t rows) const {
    std::fill_n(maximum, rows + kernels::kVectorPad, -kInfinity);
    std::fill_n(sum, rows + kernels::kVectorPad, 0.0F);
    std::fill_n(acc, rows * padded(shape.head_dim), 0.0F);
  }

  float *maximum, *sum;  ///< [rows]
  float* acc;            ///< [rows, padded head_dim]
};

/// What one worker needs for one tile of queries.
struct TileScratch {
  TileScratch(const AttentionShape& shape, Carver carver)
      : queries(carver.take(tile_rows(shape) * max_query_bytes(shape.head_dim) / 4)),
        scores(carver.take(tile_rows(shape) * kKeyBlock)),
        shrink(carver.take(tile_rows(shape) + kernels::kVectorPad)),
        unpacked(carver.take(2 * kKeyBlock * padded(shape.head_dim))),
        results(shape, tile_rows(shape), carver),
        floats(carver.used()) {}
  float* queries;   ///< [tile_rows] in the kernels' form
  float* scores;    ///< [tile_rows, kKeyBlock]
  float* shrink;    ///< [tile_rows]
  float* unpacked;  ///< a block's keys and values
  Results results;
  int64_t floats;
};

int64_t worker_floats(const AttentionShape& shape) {
  return TileScratch(shape, Carver(nullptr)).floats;
}
int64_t range_floats(const AttentionShape& shape) {
  Carver carver(nullptr);
  (void)Results(shape, shape.group(), carver);
  return carver.used();
}

/// Where a block of one head lies.
struct BlockPlace {
  BlockPlace(const KvView& cache, int64_t kv_head, int64_t first_position) {
    const int64_t block = (kv_head * cache.capacity + first_position) / kKeyBlock;
    keys = cache.blocks + block * kv_block_bytes(cache.type, cache.head_dim);
    values = keys + kv_key_bytes(cache.type, cache.head_dim);
  }
  std::byte *keys, *values;
};

const kernels::AttentionKernels& kernels_for(const KvView& cache, const kernels::Kernels& kernels) {
  return kernels.vector->attention[static_cast<int>(cache.type)];
}

/// One call, as its tasks see it.
struct Call {
  /// Positions [first, first + count) of a head; `first` begins a block.
  kernels::CachedBlock block(int64_t kv_head, int64_t first, int64_t count, void* unpacked) const {
    const BlockPlace place(cache, kv_head, first);
    const kernels::CachedBlock block{place.keys, place.values, count, cache.head_dim};
    return products.unpack == nullptr ? block : products.unpack(block, unpacked);
  }

  const Queries& queries;
  const AttentionShape& shape;
  const KvView& cache;
  const kernels::AttentionProducts& products;
  int64_t positions_per_tile = 1;
};

/// Consecutive query positions with all query heads of one KV head, on their way through the keys.
/// Row i belongs to position i / group.
class Tile {
 public:
  Tile(const Call& call, const TileScratch& scratch, const Results& results, int64_t kv_head,
       int64_t first_row)
      : call_(call),
        scratch_(scratch),
        results_(results),
        dim_(call.shape.head_dim),
        group_(call.shape.group()),
        query_bytes_(call.products.query_bytes(dim_)),
        kv_head_(kv_head),
        first_row_(first_row),
        rows_(std::min(call.positions_per_tile, call.queries.rows - first_row) * group_) {
    const float base_2 = 1.44269504F;  // 1 / ln 2: the kernels' scores count in powers of two
    const float factor = base_2 / std::sqrt(static_cast<float>(dim_));
    for (int64_t i = 0; i < rows_; ++i) {
      const float* row = call_.queries.q + offset(i, call_.queries.stride);
      call_.products.load_query(row, dim_, factor, query(i));
    }
    results_.clear(call.shape, rows_);
  }

  int64_t first_position() const { return call_.queries.position + first_row_; }
  int64_t end_position() const { return first_position() + rows_ / group_; }

  /// All rows meet the keys [first_key, first_key + keys) as far as they see any of them.
  void attend(int64_t first_key, int64_t keys) const {
    const int64_t begin = std::max<int64_t>(0, first_key - first_position()) * group_;
    const int64_t end = std::min(rows_, rows_before_window(first_key + keys));
    if (begin >= end) return;
    const kernels::CachedBlock block = call_.block(kv_head_, first_key, keys, scratch_.unpacked);
    float* scores = scratch_.scores + begin * kKeyBlock;
    float* shrink = scratch_.shrink + begin;
    call_.products.scores(query(begin), end - begin, block, scores);
    for (int64_t i = begin; i < end; ++i) {
      hide_keys(first_position() + i / group_, first_key, keys, scratch_.scores + i * kKeyBlock);
    }
    call_.products.softmax(scores, end - begin, block,
                           {results_.maximum + begin, results_.sum + begin, shrink});
    call_.products.add_values(scores, shrink, end - begin, block,
                              results_.acc + begin * padded(dim_));
  }

  void scatter_results() const {
    for (int64_t i = 0; i < rows_; ++i) {
      const float* from = results_.acc + i * padded(dim_);
      float* to = call_.queries.out + offset(i, call_.queries.out_stride);
      const float sum = results_.sum[i];
      for (int64_t d = 0; d < dim_; ++d) to[d] = from[d] / sum;
    }
  }

 private:
  /// Where row i lies in the caller's rows.
  int64_t offset(int64_t i, int64_t stride) const {
    return (first_row_ + i / group_) * stride + (kv_head_ * group_ + i % group_) * dim_;
  }

  std::byte* query(int64_t i) const {
    return reinterpret_cast<std::byte*>(scratch_.queries) + i * query_bytes_;
  }

  /// The rows whose window begins before `key`.
  int64_t rows_before_window(int64_t key) const {
    const int64_t window = call_.shape.window;
    return window == 0 ? rows_ : (key + window - 1 - first_position()) * group_;
  }

  /// Scores that the query at `position` must not see, and those that fill up the last strip,
  /// become -infinity.
  void hide_keys(int64_t position, int64_t first, int64_t keys, float* scores) const {
    const int64_t begin = std::clamp<int64_t>(call_.shape.first_visible(position) - first, 0, keys);
    const int64_t end = std::clamp<int64_t>(position + 1 - first, begin, keys);
    std::fill(scores, scores + begin, -kInfinity);
    std::fill(scores + end, scores + padded(keys), -kInfinity);
  }

  const Call& call_;
  const TileScratch& scratch_;
  const Results& results_;
  int64_t dim_, group_, query_bytes_, kv_head_, first_row_, rows_;
};

/// out [head_dim] of the query head `i` of a group, from the results of all ranges in order.
template <class ResultsOf>
void merge_ranges(const AttentionShape& shape, int64_t ranges, int64_t i,
                  const ResultsOf& results_of, float* out) {
  float maximum = -kInfinity, sum = 0;
  for (int64_t range = 0; range < ranges; ++range)
    maximum = std::max(maximum, results_of(range).maximum[i]);
  std::fill_n(out, shape.head_dim, 0.0F);
  for (int64_t range = 0; range < ranges; ++range) {
    const Results part = results_of(range);
    const float weight = std::exp2(part.maximum[i] - maximum);
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
  return static_cast<uint64_t>(threads * worker_floats(shape) + padded(shape.kv_heads) +
                               ranges * range_floats(shape)) *
         sizeof(float);
}

void store_kv(const NewRows& rows, const KvView& cache, const kernels::Kernels& kernels,
              const RunContext& run) {
  const kernels::AttentionKernels& store = kernels_for(cache, kernels);
  const int64_t dim = cache.head_dim, end = rows.position + rows.rows;
  // Positions of one strip share words and cache lines: they belong to one task. A row is worth a
  // task for every head, so that threads mostly write what they will read.
  const int64_t first_strip = rows.position / kStrip;
  const int64_t strips = ceil_div(end, kStrip) - first_strip;
  run.parallel_for(strips * cache.kv_heads, [&](int64_t task, int) {
    if (run.stopped()) return;
    const int64_t head = task / strips, strip = first_strip + task % strips;
    const int64_t first = std::max(rows.position, strip * kStrip);
    const int64_t last = std::min(end, (strip + 1) * kStrip);
    const BlockPlace block(cache, head, first / kKeyBlock * kKeyBlock);
    for (int64_t position = first; position < last; ++position) {
      const int64_t from = (position - rows.position) * rows.stride + head * dim;
      const int64_t place = position % kKeyBlock;
      store.store_key(rows.keys + from, dim, place, block.keys);
      store.store_value(rows.values + from, dim, place, block.values);
    }
  });
}

void attend_prompt(const Queries& queries, const KvView& cache, AttentionScratch& scratch,
                   const kernels::Kernels& kernels, const RunContext& run) {
  const AttentionShape& shape = scratch.shape();
  const int64_t positions = positions_per_tile(queries, shape, run);
  const Call call{queries, shape, cache, kernels_for(cache, kernels).prompt, positions};
  const int64_t tiles = ceil_div(queries.rows, positions);
  run.parallel_for(tiles * shape.kv_heads, [&](int64_t task, int worker) {
    const TileScratch tile_scratch(shape, Carver(scratch.worker(worker)));
    const int64_t index = tiles - 1 - task / shape.kv_heads;  // the tiles with the most keys first
    const Tile tile(call, tile_scratch, tile_scratch.results, task % shape.kv_heads,
                    index * positions);
    const int64_t end = tile.end_position();
    int64_t key = shape.first_visible(tile.first_position()) / kKeyBlock * kKeyBlock;
    for (; key < end; key += kKeyBlock) {
      if (run.stopped()) return;
      tile.attend(key, std::min(kKeyBlock, end - key));
    }
    tile.scatter_results();
  });
}

void attend_next(const Queries& queries, const KvView& cache, AttentionScratch& scratch,
                 const kernels::Kernels& kernels, const RunContext& run) {
  const AttentionShape& shape = scratch.shape();
  const Call call{queries, shape, cache, kernels_for(cache, kernels).next};
  const int64_t end = queries.position + 1;
  const int64_t start = shape.first_visible(queries.position) / kKeyBlock * kKeyBlock;
  const int64_t first_range = start / kRange;
  const int64_t ranges = ceil_div(end, kRange) - first_range;
  const int64_t result_floats = range_floats(shape);
  const auto results_of = [&](int64_t kv_head, int64_t range) {
    Carver carver(scratch.ranges() + (kv_head * ranges + range) * result_floats);
    return Results(shape, shape.group(), carver);
  };
  run.once([&] { std::fill_n(scratch.finished(), shape.kv_heads, 0); });
  run.parallel_for(shape.kv_heads * ranges, [&](int64_t task, int worker) {
    if (run.stopped()) return;
    const TileScratch tile_scratch(shape, Carver(scratch.worker(worker)));
    const int64_t kv_head = task / ranges, begin = (first_range + task % ranges) * kRange;
    const Results results = results_of(kv_head, task % ranges);
    const Tile tile(call, tile_scratch, results, kv_head, 0);
    const int64_t range_end = std::min(begin + kRange, end);
    for (int64_t key = std::max(begin, start); key < range_end; key += kKeyBlock)
      tile.attend(key, std::min(kKeyBlock, range_end - key));

    // Whoever finishes a head's last range merges them all, so that threads need not meet again.
    std::atomic_ref<int32_t> finished(scratch.finished()[kv_head]);
    if (finished.fetch_add(1, std::memory_order_acq_rel) + 1 < ranges) return;
    const auto results_of_range = [&](int64_t range) { return results_of(kv_head, range); };
    for (int64_t i = 0; i < shape.group(); ++i) {
      merge_ranges(shape, ranges, i, results_of_range,
                   queries.out + (kv_head * shape.group() + i) * shape.head_dim);
    }
  });
}

}  // namespace phi::ops
