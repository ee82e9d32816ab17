/// Kernels on activations: normalisation, rotation, gating, the cache's element types and the inner
/// loops of attention. A table of plain functions, one table per instruction set; dispatch.h
/// chooses. Every sum runs in one fixed order that does not depend on how many rows share a call.
#ifndef PHI_KERNELS_VECTOR_KERNELS_H_
#define PHI_KERNELS_VECTOR_KERNELS_H_

#include <cstdint>

namespace phi::kernels {

/// Keys that attention handles at once.
inline constexpr int64_t kKeyBlock = 64;

/// Rows of values and of results are padded with zeros to a multiple of this.
inline constexpr int64_t kVectorPad = 16;

constexpr int64_t padded(int64_t n) { return (n + kVectorPad - 1) / kVectorPad * kVectorPad; }

/// The element types of a KV cache, in the order of phi::Kv: bf16, f32, int8. int8 rows have one
/// scale each; the other types ignore scales, which may then be null.
inline constexpr int kCacheTypes = 3;

struct VectorKernels {
  /// y = x * rsqrt(mean(x^2) + eps) * weight, all [n].
  void (*rms_norm)(const float* x, const float* weight, int64_t n, float eps, float* y);
  /// y = silu(gate) * up, silu(g) = g / (1 + exp(-g)), all [n]; y may be gate or up.
  void (*swiglu)(const float* gate, const float* up, int64_t n, float* y);

  /// Rotates the first 2*half elements of a head in place: pairs (i, i+half).
  void (*rope_halves)(float* head, const float* cosine, const float* sine, int64_t half);
  /// The same for pairs (2i, 2i+1).
  void (*rope_neighbours)(float* head, const float* cosine, const float* sine, int64_t half);

  /// One row of n values into the cache. bf16 rounds to nearest even; int8 has scale = max|x| /
  /// 127.
  using StoreRow = void (*)(const float* src, int64_t n, void* dst, float* scale);
  StoreRow store_row[kCacheTypes];

  // Prompt: a block of keys is unpacked once and meets many rows.

  /// Unpacks up to kKeyBlock cached rows [keys, dim] and turns them over: k_t [dim, kKeyBlock],
  /// zero beyond `keys`.
  using LoadKeys = void (*)(const void* src, const float* scales, int64_t keys, int64_t dim,
                            float* k_t);
  LoadKeys load_keys[kCacheTypes];
  /// Unpacks cached rows [keys, dim] into v [keys, padded(dim)].
  using LoadValues = void (*)(const void* src, const float* scales, int64_t keys, int64_t dim,
                              float* v);
  LoadValues load_values[kCacheTypes];
  /// scores[r, p] = dot(q[r], k_t[:, p]): q [rows, dim], scores [rows, kKeyBlock].
  void (*attention_scores)(const float* q, int64_t rows, const float* k_t, int64_t dim,
                           float* scores);
  /// acc[r] = acc[r] * shrink[r] + sum over p < keys of weights[r, p] * v[p]: weights [rows,
  /// kKeyBlock], v [keys, padded(dim)], acc [rows, padded(dim)].
  void (*attention_accumulate)(const float* weights, const float* shrink, int64_t rows,
                               const float* v, int64_t keys, int64_t dim, float* acc);

  /// One block of online softmax: scores [rows, kKeyBlock] become exp(score - new maximum), maximum
  /// and sum [rows] are updated, and shrink [rows] is the factor for each row's earlier results.
  /// Scores of -infinity weigh nothing; a block of nothing else changes nothing. exp is our own,
  /// its relative error below 2e-7.
  void (*softmax_block)(float* scores, int64_t rows, float* maximum, float* sum, float* shrink);

  // Generation: the query heads of one group meet each cached row once, straight from the cache.

  /// scores[r, p] = scale * dot(q[r], key p), p < keys <= kKeyBlock: q [rows, dim], scores [rows,
  /// kKeyBlock].
  using KeyScores = void (*)(const float* q, int64_t rows, const void* src, const float* scales,
                             int64_t keys, int64_t dim, float scale, float* scores);
  KeyScores key_scores[kCacheTypes];
  /// As attention_accumulate, from cached rows [keys, dim].
  using AddValues = void (*)(const float* weights, const float* shrink, int64_t rows,
                             const void* src, const float* scales, int64_t keys, int64_t dim,
                             float* acc);
  AddValues add_values[kCacheTypes];
};

extern const VectorKernels kVectorBase, kVectorAvx2, kVectorAvx512;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_VECTOR_KERNELS_H_
