/// How the cached keys and values of one layer lie in memory. The session owns the memory.
#ifndef PHI_OPS_KV_VIEW_H_
#define PHI_OPS_KV_VIEW_H_

#include <cstddef>
#include <cstdint>

#include "kernels/vector_kernels.h"
#include "phi/types.h"

namespace phi::ops {

/// Keys (after rotation) and values, [kv_heads][capacity / kKeyBlock] blocks: in each the keys of
/// kKeyBlock positions, then their values, so that a head is one stream of memory. How they lie in
/// a block, kernels::AttentionKernels says.
struct KvView {
  Kv type;
  int64_t kv_heads;
  int64_t capacity;  ///< a multiple of kernels::kKeyBlock
  int64_t head_dim;
  std::byte* blocks;
};

/// Bytes of the keys, and of the values, in one block of a head.
constexpr int64_t kv_key_bytes(Kv type, int64_t head_dim) {
  return type == Kv::int8
             ? kernels::int8_key_bytes(head_dim)
             : kernels::kKeyBlock * kernels::padded(head_dim) * (type == Kv::f32 ? 4 : 2);
}
constexpr int64_t kv_value_bytes(Kv type, int64_t head_dim) {
  return type == Kv::int8 ? kernels::int8_value_bytes(head_dim) : kv_key_bytes(type, head_dim);
}
constexpr int64_t kv_block_bytes(Kv type, int64_t head_dim) {
  return kv_key_bytes(type, head_dim) + kv_value_bytes(type, head_dim);
}

/// The capacity of a view that has room for so many positions.
constexpr int64_t kv_capacity(int64_t positions) {
  return (positions + kernels::kKeyBlock - 1) / kernels::kKeyBlock * kernels::kKeyBlock;
}

}  // namespace phi::ops

#endif  // PHI_OPS_KV_VIEW_H_
