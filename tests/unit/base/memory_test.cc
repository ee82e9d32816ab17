#include <doctest/doctest.h>

#include <cstdint>
#include <utility>

#include "base/aligned_buffer.h"
#include "base/cpu.h"
#include "phi/error.h"

TEST_CASE("buffers are aligned, zero and movable, small and large") {
  for (const uint64_t bytes : {uint64_t{1}, uint64_t{100}, uint64_t{5} << 20}) {
    phi::AlignedBuffer buffer(bytes, "test");
    CHECK(reinterpret_cast<uintptr_t>(buffer.data()) % 64 == 0);
    CHECK(buffer.size_bytes() == bytes);
    CHECK(buffer.as<uint8_t>()[bytes - 1] == 0);
    buffer.touch();
    buffer.as<uint8_t>()[bytes - 1] = 7;
    phi::AlignedBuffer moved(std::move(buffer));
    CHECK(moved.as<uint8_t>()[bytes - 1] == 7);
  }
}

TEST_CASE("a buffer that cannot be had is a named error") {
  try {
    phi::AlignedBuffer buffer(uint64_t{1} << 60, "kv cache");
    FAIL("no error");
  } catch (const phi::Error& error) {
    CHECK(error.code() == phi::Code::out_of_memory);
    CHECK(std::string(error.what()).find("kv cache") == 0);
  }
}

TEST_CASE("the instruction set is capped") {
  CHECK(phi::best_isa(phi::Isa::base) == phi::Isa::base);
  CHECK(phi::best_isa(phi::Isa::best) >= phi::Isa::base);
  CHECK(phi::usable_cores() >= 1);
}
