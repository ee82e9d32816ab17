#include "session/kv_cache.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "phi/error.h"

namespace phi::session {

namespace {

struct Slab {
  const std::byte* begin;
  const std::byte* end;
};

}  // namespace

TEST_CASE("slabs of all layers lie apart, on cache lines, and can be written") {
  for (const Kv type : {Kv::bf16, Kv::f32, Kv::int8}) {
    const KvCache::Shape shape{
        .layers = 3, .kv_heads = 2, .head_dim = 24, .capacity = 37, .type = type};
    const KvCache cache(shape);
    REQUIRE(cache.layers().size() == 3);
    // Two heads of one block each: the keys and values of 64 positions, 24 elements padded to 32.
    // int8 has a scale of two bytes with them, and room for a second one in a key's word of scales.
    const size_t elements = 2 * 2 * 64 * 32;
    const size_t bytes = type == Kv::f32    ? elements * 4
                         : type == Kv::bf16 ? elements * 2
                                            : elements + 2 * 64 * (4 + 2);
    std::vector<Slab> slabs;
    for (const ops::KvView& view : cache.layers()) {
      CHECK(view.type == type);
      CHECK(view.capacity == 64);
      CHECK(view.kv_heads == 2);
      CHECK(view.head_dim == 24);
      std::fill_n(view.blocks, bytes, std::byte{0x5A});
      slabs.push_back({view.blocks, view.blocks + bytes});
    }
    std::sort(slabs.begin(), slabs.end(),
              [](const Slab& a, const Slab& b) { return a.begin < b.begin; });
    for (size_t i = 0; i < slabs.size(); ++i) {
      CHECK(reinterpret_cast<uintptr_t>(slabs[i].begin) % 64 == 0);
      if (i > 0) CHECK(slabs[i - 1].end <= slabs[i].begin);
    }
    CHECK(static_cast<uint64_t>(slabs.back().end - slabs.front().begin) <=
          KvCache::size_bytes(shape));
  }
}

TEST_CASE("Phi-4 at 4096 positions takes 800 MiB in bf16") {
  const KvCache::Shape shape{
      .layers = 40, .kv_heads = 10, .head_dim = 128, .capacity = 4096, .type = Kv::bf16};
  CHECK(KvCache::size_bytes(shape) == uint64_t{800} << 20);
}

TEST_CASE("Phi-4 at 4096 positions takes 425 MiB in int8: 8.5 bits an element") {
  const KvCache::Shape shape{
      .layers = 40, .kv_heads = 10, .head_dim = 128, .capacity = 4096, .type = Kv::int8};
  CHECK(KvCache::size_bytes(shape) == uint64_t{425} << 20);
}

TEST_CASE("a size beyond 64 bits is an error, not a wrap") {
  const KvCache::Shape shape{
      .layers = ~0u, .kv_heads = ~0u, .head_dim = ~0u, .capacity = ~0u, .type = Kv::f32};
  CHECK_THROWS_AS(KvCache::size_bytes(shape), Error);
}

}  // namespace phi::session
