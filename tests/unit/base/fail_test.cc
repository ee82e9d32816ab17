#include "base/fail.h"

#include <doctest/doctest.h>

#include <array>

#include "base/checked.h"

TEST_CASE("messages are put together from parts") {
  try {
    const std::array<uint64_t, 2> shape{5120, 17919};
    phi::fail(phi::Code::bad_format, "tensor '", "a.weight", "': shape ", phi::shape_string(shape),
              ", rank ", 2);
  } catch (const phi::Error& error) {
    CHECK(error.code() == phi::Code::bad_format);
    CHECK(std::string(error.what()) == "tensor 'a.weight': shape [5120, 17919], rank 2");
  }
}

TEST_CASE("printable text keeps code points and hides the rest") {
  CHECK(phi::printable("abc \xC3\xA9") == "abc \xC3\xA9");
  CHECK(phi::printable("a\nb\x7F\xFFz") == "a?b??z");
  CHECK(phi::printable("\xE2\x82") == "??");
  CHECK(phi::printable(std::string(200, 'x')) == std::string(80, 'x') + "...");
}

TEST_CASE("sizes that overflow are errors") {
  CHECK(phi::checked_mul(6, 7, "answer") == 42);
  CHECK_THROWS_AS(phi::checked_mul(uint64_t{1} << 33, uint64_t{1} << 33, "product"), phi::Error);
  CHECK_THROWS_AS(phi::checked_add(~uint64_t{0}, 1, "sum"), phi::Error);
  CHECK(phi::round_up(1, 64) == 64);
  CHECK(phi::round_up(128, 64) == 128);
}
