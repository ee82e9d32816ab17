#include "session/kv_cache.h"

#include "base/checked.h"

namespace phi::session {

namespace {

/// Bytes of one layer's keys and values together, and of the scales of either; each slab begins on
/// a cache line.
struct LayerBytes {
  uint64_t rows, scales;
};

uint64_t slab_bytes(uint64_t rows, uint64_t row_bytes) {
  constexpr uint64_t kLine = 64;
  const uint64_t bytes = checked_mul(rows, row_bytes, "cache");
  return checked_add(bytes, kLine - 1, "cache") / kLine * kLine;
}

LayerBytes layer_bytes(const KvCache::Shape& shape) {
  const auto capacity = static_cast<uint64_t>(ops::kv_capacity(shape.capacity));
  const auto row_bytes = static_cast<uint64_t>(ops::kv_row_bytes(shape.type, shape.head_dim));
  const uint64_t rows = checked_mul(shape.kv_heads, capacity, "cache");
  return {slab_bytes(rows, checked_mul(2, row_bytes, "cache")),
          shape.type == Kv::int8 ? slab_bytes(rows, sizeof(float)) : 0};
}

}  // namespace

uint64_t KvCache::size_bytes(const Shape& shape) {
  const LayerBytes bytes = layer_bytes(shape);
  const uint64_t scales = checked_mul(bytes.scales, 2, "cache");
  return checked_mul(checked_add(bytes.rows, scales, "cache"), shape.layers, "cache");
}

KvCache::KvCache(const Shape& shape) : buffer_(size_bytes(shape), "cache") {
  const LayerBytes bytes = layer_bytes(shape);
  std::byte* next = buffer_.data();
  const auto take = [&next](uint64_t count) {
    std::byte* const taken = next;
    next += count;
    return taken;
  };
  layers_.reserve(shape.layers);
  for (uint32_t layer = 0; layer < shape.layers; ++layer) {
    ops::KvView view{};
    view.type = shape.type;
    view.kv_heads = shape.kv_heads;
    view.capacity = ops::kv_capacity(shape.capacity);
    view.head_dim = shape.head_dim;
    view.blocks = take(bytes.rows);
    if (bytes.scales > 0) {
      view.key_scales = reinterpret_cast<float*>(take(bytes.scales));
      view.value_scales = reinterpret_cast<float*>(take(bytes.scales));
    }
    layers_.push_back(view);
  }
  buffer_.touch();
}

}  // namespace phi::session
