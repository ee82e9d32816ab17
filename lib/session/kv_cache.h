/// The memory of a session's keys and values.
#ifndef PHI_SESSION_KV_CACHE_H_
#define PHI_SESSION_KV_CACHE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "ops/kv_view.h"
#include "phi/types.h"

namespace phi::session {

/// Owns one buffer for all layers, laid out as ops::KvView says, the capacity rounded up to whole
/// blocks. In huge pages where the system gives them. Every page is touched when it is made.
/// Move-only; belongs to one session.
class KvCache {
 public:
  struct Shape {
    uint32_t layers, kv_heads, head_dim;
    uint32_t capacity;  ///< positions
    Kv type;
  };

  /// Error{out_of_memory}
  explicit KvCache(const Shape& shape);

  /// Bytes that a cache of this shape takes; Error{bad_format} if they do not fit in 64 bits.
  static uint64_t size_bytes(const Shape& shape);

  std::span<const ops::KvView> layers() const noexcept { return layers_; }

 private:
  AlignedBuffer buffer_;
  std::vector<ops::KvView> layers_;
};

}  // namespace phi::session

#endif  // PHI_SESSION_KV_CACHE_H_
