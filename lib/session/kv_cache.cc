#include "session/kv_cache.h"

#include "base/checked.h"

namespace phi::session {

namespace {

/// Bytes of one layer: whole cache lines, as blocks are.
uint64_t layer_bytes(const KvCache::Shape& shape) {
  const auto capacity = static_cast<uint64_t>(ops::kv_capacity(shape.capacity));
  const auto block_bytes = static_cast<uint64_t>(ops::kv_block_bytes(shape.type, shape.head_dim));
  const uint64_t blocks = checked_mul(shape.kv_heads, capacity / kernels::kKeyBlock, "cache");
  return checked_mul(blocks, block_bytes, "cache");
}

}  // namespace

uint64_t KvCache::size_bytes(const Shape& shape) {
  return checked_mul(layer_bytes(shape), shape.layers, "cache");
}

KvCache::KvCache(const Shape& shape) : buffer_(size_bytes(shape), "cache") {
  layers_.reserve(shape.layers);
  for (uint32_t layer = 0; layer < shape.layers; ++layer) {
    layers_.push_back({.type = shape.type,
                       .kv_heads = shape.kv_heads,
                       .capacity = ops::kv_capacity(shape.capacity),
                       .head_dim = shape.head_dim,
                       .blocks = buffer_.data() + layer * layer_bytes(shape)});
  }
  buffer_.touch();
}

}  // namespace phi::session
