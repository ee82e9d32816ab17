/// A random attention problem with its cache, and what a naive evaluation in double precision makes
/// of it.
#ifndef PHI_NUMERIC_ATTENTION_CASE_H_
#define PHI_NUMERIC_ATTENTION_CASE_H_

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/run_context.h"
#include "ops/attention.h"

namespace phi::test {

class AttentionCase {
 public:
  /// Rows 0 .. positions-1 of q, k, v are random; the cache has room for more and is full of NaN.
  AttentionCase(const ops::AttentionShape& shape, Kv kv, int64_t positions);

  struct Setup {
    kernels::Kernels kernels;
    int threads = 1;
    Backend backend = kDefaultBackend;
  };
  /// All rows through store_kv and attend_prompt in calls of the given sizes, repeated until all
  /// rows are done. [positions, heads * head_dim]
  std::vector<float> prompt(const Setup& setup, std::span<const int64_t> call_sizes);
  /// The last row through attend_next, on the cache that prompt() left. [heads * head_dim]
  std::vector<float> next(const Setup& setup);

  struct Reference {
    std::vector<double> out, tolerance;  ///< [heads * head_dim]
  };
  /// From the values that the cache holds, so that its rounding is no error of the attention. The
  /// tolerance is that of the products' arithmetic.
  Reference reference(int64_t position, const kernels::AttentionProducts& products) const;

  /// What exact attention makes of queries, keys and values before the cache rounds them, and of
  /// the same rounded as ggml's Q8_0 does: 8 bits, a scale for every 32. [heads * head_dim]
  std::vector<double> unrounded(int64_t position) const;
  std::vector<double> rounded_to_q8_0(int64_t position) const;

  /// What the kernels do for this cache.
  const kernels::AttentionKernels& kernels_of(const kernels::Kernels& kernels) const {
    return kernels.vector->attention[static_cast<int>(kv_)];
  }

  int64_t out_width() const { return shape_.heads * shape_.head_dim; }
  std::string description() const;

 private:
  /// An element of the cache is its code times its scale; bf16 and f32 have scales of 1.
  struct Element {
    double code, scale;
    double value() const { return code * scale; }
  };
  Element cached(const std::byte* word, int64_t in_word, const std::byte* scale) const;
  Element key(int64_t kv_head, int64_t position, int64_t d) const;
  Element value(int64_t kv_head, int64_t position, int64_t d) const;
  const std::byte* block(int64_t kv_head, int64_t position) const;
  ops::KvView view();

  /// What attention makes of one query head.
  struct Head {
    int64_t first;                ///< position
    std::vector<double> weights;  ///< of the positions from `first` on
    double magnitude;             ///< the largest sum of a score's absolute products
    double largest_key_sum;       ///< the largest sum of a key's absolute elements
    std::vector<double> out;
  };
  /// query(d), key(p, d) and value(p, d) are those of the head.
  template <class Query, class Key, class Value>
  Head attend(int64_t position, const Query& query, const Key& key, const Value& value) const;
  std::vector<double> attend_to(const std::vector<float>& qkv, int64_t position) const;

  ops::AttentionShape shape_;
  Kv kv_;
  int64_t positions_, capacity_;
  std::vector<float> qkv_;  ///< [positions, q | k | v]
  std::vector<std::byte> blocks_;
};

}  // namespace phi::test

#endif  // PHI_NUMERIC_ATTENTION_CASE_H_
