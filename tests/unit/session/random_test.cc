#include "session/random.h"

#include <doctest/doctest.h>

namespace phi::session {

// The published outputs of splitmix64 for the seed 1234567 (Rosetta Code, "Pseudo-random
// numbers/Splitmix64").
TEST_CASE("splitmix64 gives its published numbers") {
  uint64_t state = 1234567;
  for (const uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                  4593380528125082431u, 16408922859458223821u}) {
    CHECK(splitmix64(state) == expected);
  }
}

// Computed with the authors' C program; the same vector stands in the tests of Rust's rand_xoshiro.
TEST_CASE("xoshiro256** gives its published numbers") {
  Random random(std::array<uint64_t, 4>{1, 2, 3, 4});
  for (const uint64_t expected :
       {uint64_t{11520}, uint64_t{0}, uint64_t{1509978240}, uint64_t{1215971899390074240},
        uint64_t{1216172134540287360}, uint64_t{607988272756665600},
        uint64_t{16172922978634559625u}, uint64_t{8476171486693032832},
        uint64_t{10595114339597558777u}, uint64_t{2904607092377533576}}) {
    CHECK(random.next_bits() == expected);
  }
}

TEST_CASE("uniform numbers fill [0, 1) evenly") {
  Random random(42);
  int bins[16] = {};
  constexpr int kDraws = 160000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.next_uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++bins[static_cast<int>(u * 16)];
  }
  double chi_squared = 0;
  for (const int count : bins) chi_squared += (count - 10000.0) * (count - 10000.0) / 10000.0;
  CHECK(chi_squared < 44.3);  // 15 degrees of freedom, p = 1e-4
}

TEST_CASE("the same seed gives the same numbers, another seed others") {
  Random a(7), b(7), c(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t bits = a.next_bits();
    CHECK(bits == b.next_bits());
    differs = differs || bits != c.next_bits();
  }
  CHECK(differs);
}

}  // namespace phi::session
