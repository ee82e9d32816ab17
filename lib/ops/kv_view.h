/// How the cached keys and values of one layer lie in memory. The session owns the memory.
#ifndef PHI_OPS_KV_VIEW_H_
#define PHI_OPS_KV_VIEW_H_

#include <cstddef>
#include <cstdint>

#include "phi/types.h"

namespace phi::ops {

/// Keys (after rotation) and values, each [kv_heads, capacity, head_dim] of `type`, row-major.
/// int8 has scales beside them, each f32 [kv_heads, capacity].
struct KvView {
  Kv type;
  int64_t kv_heads, capacity, head_dim;
  std::byte* keys;
  std::byte* values;
  float* key_scales;
  float* value_scales;
};

constexpr int64_t kv_element_bytes(Kv type) {
  return type == Kv::f32 ? 4 : type == Kv::bf16 ? 2 : 1;
}

}  // namespace phi::ops

#endif  // PHI_OPS_KV_VIEW_H_
