/// How the cached keys and values of one layer lie in memory. The session owns the memory.
#ifndef PHI_OPS_KV_VIEW_H_
#define PHI_OPS_KV_VIEW_H_

#include <cstddef>
#include <cstdint>

#include "kernels/vector_kernels.h"
#include "phi/types.h"

namespace phi::ops {

/// Keys (after rotation) and values, [kv_heads][capacity / kKeyBlock] blocks: in each the keys of
/// kKeyBlock positions, then their values, so that a head is one stream of memory. How a block's
/// rows lie, kernels::AttentionKernels says. int8 has scales beside them, each f32 [kv_heads,
/// capacity].
struct KvView {
  Kv type;
  int64_t kv_heads;
  int64_t capacity;  ///< a multiple of kernels::kKeyBlock
  int64_t head_dim;
  std::byte* blocks;
  float* key_scales;
  float* value_scales;
};

constexpr int64_t kv_element_bytes(Kv type) {
  return type == Kv::f32 ? 4 : type == Kv::bf16 ? 2 : 1;
}

/// Bytes of one position's key, or value, in one head.
constexpr int64_t kv_row_bytes(Kv type, int64_t head_dim) {
  return kernels::padded(head_dim) * kv_element_bytes(type);
}

/// The capacity of a view that has room for so many positions.
constexpr int64_t kv_capacity(int64_t positions) {
  return (positions + kernels::kKeyBlock - 1) / kernels::kKeyBlock * kernels::kKeyBlock;
}

}  // namespace phi::ops

#endif  // PHI_OPS_KV_VIEW_H_
