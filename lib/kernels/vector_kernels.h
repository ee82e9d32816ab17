/// Kernels on activations: normalisation, rotation, gating, the cache's element types and the inner
/// loops of attention. A table of plain functions, one table per instruction set; dispatch.h
/// chooses. Every sum runs in one fixed order that does not depend on how many rows share a call.
#ifndef PHI_KERNELS_VECTOR_KERNELS_H_
#define PHI_KERNELS_VECTOR_KERNELS_H_

#include <cstdint>

namespace phi::kernels {

/// Rows of values and of results are padded with zeros to a multiple of this.
inline constexpr int64_t kVectorPad = 16;

constexpr int64_t padded(int64_t n) { return (n + kVectorPad - 1) / kVectorPad * kVectorPad; }

/// Keys of this many positions lie interleaved, as a strip.
inline constexpr int64_t kStrip = 16;

/// Keys that attention handles at once, at most; a KV cache consists of blocks of so many
/// positions.
inline constexpr int64_t kKeyBlock = 64;

/// The element types of a KV cache, in the order of phi::Kv: bf16, f32, int8.
inline constexpr int kCacheTypes = 3;

/// So many neighbouring elements of an int8 row have one scale.
inline constexpr int64_t kScaleGroup = 32;

constexpr int64_t scale_groups(int64_t dim) { return (dim + kScaleGroup - 1) / kScaleGroup; }

/// Bytes of a strip of keys in a block of int8, and of the block's keys and values, their scales
/// included.
constexpr int64_t int8_strip_bytes(int64_t dim) {
  return ((scale_groups(dim) + 1) / 2 + padded(dim) / 4) * kStrip * 4;
}
constexpr int64_t int8_key_bytes(int64_t dim) { return kKeyBlock / kStrip * int8_strip_bytes(dim); }
constexpr int64_t int8_value_bytes(int64_t dim) {
  return kKeyBlock * (2 * scale_groups(dim) + padded(dim));
}

/// A block of one KV head's cache, as a reader sees it: what lies beyond `count` reaches no result.
struct CachedBlock {
  const void* keys;
  const void* values;
  int64_t count;  ///< positions, at most kKeyBlock
  int64_t dim;
};

/// Online softmax of some rows; each array can be read and written for kVectorPad elements more.
struct SoftmaxState {
  float* maximum;  ///< of all scores so far, -infinity at first
  float* sum;      ///< of all weights so far
  float* shrink;   ///< what the last block multiplies earlier results with
};

/// How query rows meet a block of keys and values. Scores count in powers of two: a weight is
/// 2^(score - maximum).
struct AttentionProducts {
  /// Writes the block's elements as those of a wider type, in that type's layout, and returns this
  /// block, which the other functions take. [8 * padded(dim) * kKeyBlock] bytes are enough. Null:
  /// they take the cache's own blocks.
  CachedBlock (*unpack)(const CachedBlock& block, void* unpacked);

  /// A query row times `factor` in the form that the products take, query_bytes long.
  int64_t (*query_bytes)(int64_t dim);
  void (*load_query)(const float* row, int64_t dim, float factor, void* query);

  /// scores[r, p] = dot(query r, key p): scores [rows, kKeyBlock], written for whole strips.
  void (*scores)(const void* queries, int64_t rows, const CachedBlock& block, float* scores);

  /// Scores of whole strips become weights, in place and in a form of the kernels' own; maximum,
  /// sum and shrink follow. A score of -infinity weighs nothing; where a row has no other, nothing
  /// changes.
  void (*softmax)(float* scores, int64_t rows, const CachedBlock& block, const SoftmaxState& state);

  /// acc[r] = acc[r] * shrink[r] + sum over p of weights[r, p] * value p: acc [rows, padded(dim)].
  void (*add_values)(const float* weights, const float* shrink, int64_t rows,
                     const CachedBlock& block, float* acc);
};

/// Attention over a cache of one element type, E = 4 / (bytes of an element) elements to a word of
/// 4 bytes. A block holds
/// - keys: strips [padded(dim) / E, kStrip] of words; a word holds E elements of one key;
/// - values: [kKeyBlock / E, padded(dim)] words; a word holds one element of E positions.
/// So they lie as the processors' dot products want them and are read in one stream, from the first
/// byte to the last; elements from dim on are zero.
///
/// int8 has a bf16 scale for every kScaleGroup elements of a row, max|x| / 127 rounded up. A strip
/// of keys begins with its scales, words [scale_groups / 2, kStrip], each with those of two
/// neighbouring groups of one key. So do the values: words [scale_groups, kKeyBlock / 2], word i
/// with the scales of the positions i and i + kKeyBlock / 2; then they lie group by group, words
/// [kKeyBlock / 4, elements of the group].
struct AttentionKernels {
  /// One row [dim] into a block's keys or values, as those of its position `place`. Rounds to
  /// nearest even. The value of the first position in a word clears the others.
  using StoreRow = void (*)(const float* row, int64_t dim, int64_t place, void* rows);
  StoreRow store_key, store_value;

  AttentionProducts prompt, next;
};

struct VectorKernels {
  /// y = x * rsqrt(mean(x^2) + eps) * weight, all [n].
  void (*rms_norm)(const float* x, const float* weight, int64_t n, float eps, float* y);
  /// y = silu(gate) * up, silu(g) = g / (1 + exp(-g)), all [n]; y may be gate or up.
  void (*swiglu)(const float* gate, const float* up, int64_t n, float* y);

  /// Rotates the first 2*half elements of a head in place: pairs (i, i+half).
  void (*rope_halves)(float* head, const float* cosine, const float* sine, int64_t half);
  /// The same for pairs (2i, 2i+1).
  void (*rope_neighbours)(float* head, const float* cosine, const float* sine, int64_t half);

  AttentionKernels attention[kCacheTypes];
};

extern const VectorKernels kVectorBase, kVectorAvx2, kVectorAvx512, kVectorAvx512Bf16;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_VECTOR_KERNELS_H_
