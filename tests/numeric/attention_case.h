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
  /// tolerance is that of the kernels' arithmetic.
  Reference reference(int64_t position, const kernels::Kernels& kernels) const;

  /// Do these kernels round queries and weights to bf16 for this cache?
  bool rounds_to_bf16(const kernels::Kernels& kernels) const;

  int64_t out_width() const { return shape_.heads * shape_.head_dim; }
  std::string description() const;

 private:
  double cached(int64_t index, float scale) const;
  double key(int64_t kv_head, int64_t position, int64_t d) const;
  double value(int64_t kv_head, int64_t position, int64_t d) const;
  ops::KvView view();

  ops::AttentionShape shape_;
  Kv kv_;
  int64_t positions_, capacity_;
  std::vector<float> qkv_;  ///< [positions, q | k | v]
  std::vector<std::byte> blocks_;
  std::vector<float> key_scales_, value_scales_;
};

}  // namespace phi::test

#endif  // PHI_NUMERIC_ATTENTION_CASE_H_
