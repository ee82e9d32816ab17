// Rotary tables at large positions, where the rounding of the angle decides, and the rotation of
// rows of heads.
#include <doctest/doctest.h>

#include <atomic>
#include <vector>

#include "ops/rope.h"
#include "support/each_isa.h"
#include "support/random_floats.h"

namespace phi {
namespace {

TEST_CASE("angles are rounded to f32 before their cosine is taken") {
  // inverse frequency, position, cos and sin of the f32 angle: computed apart, in Python. Taking
  // the cosine of the exact product instead is off by up to 2e-4 here.
  struct Known {
    float inverse_frequency;
    int64_t position;
    float cosine, sine;
  };
  const Known known[] = {
      {1.0F, 16383, -0.918830931186676F, 0.3946514427661896F},
      {0.8234878182411194F, 16383, 0.36019691824913025F, 0.9328762888908386F},
      {4.857388375967275e-06F, 16383, 0.9968352913856506F, 0.07949462532997131F},
      {0.02154434658586979F, 131071, -0.8992763161659241F, 0.43738099932670593F}};
  const ThreadScope threads(1);
  const std::atomic<bool> stop{false};
  const RunContext run{threads, stop};
  for (const Known& value : known) {
    float cosine[2], sine[2];
    const std::vector<float> inverse_frequency{value.inverse_frequency};
    ops::fill_rope_table({value.position - 1, 2, inverse_frequency, 1.5F}, {cosine, sine, 1}, run);
    CHECK(cosine[1] == doctest::Approx(1.5 * double{value.cosine}).epsilon(1e-6));
    CHECK(sine[1] == doctest::Approx(1.5 * double{value.sine}).epsilon(1e-6));
  }
}

TEST_CASE("every head of a row is rotated by the row's own line of the table") {
  constexpr int64_t kRows = 37, kHeads = 3, kDim = 10, kHalf = 4, kStride = kHeads * kDim + 6;
  test::RandomFloats random(5);
  const std::vector<float> before = random.vector(kRows * kStride);
  std::vector<float> cosine = random.vector(kRows * kHalf), sine = random.vector(kRows * kHalf);
  const ThreadScope threads(2);
  const std::atomic<bool> stop{false};
  const RunContext run{threads, stop};
  const auto at = [](int64_t i) { return static_cast<size_t>(i); };
  for (const kernels::Kernels& kernels : test::each_isa()) {
    for (const weights::RopePairs pairs :
         {weights::RopePairs::halves, weights::RopePairs::neighbours}) {
      std::vector<float> after = before;
      ops::rotate({after.data(), kStride, kRows, kHeads, kDim}, {cosine.data(), sine.data(), kHalf},
                  pairs, kernels, run);
      std::vector<float> expected = before;
      for (int64_t row = 0; row < kRows; ++row) {
        for (int64_t head = 0; head < kHeads; ++head) {
          for (int64_t i = 0; i < kHalf; ++i) {
            const bool halves = pairs == weights::RopePairs::halves;
            const int64_t base = row * kStride + head * kDim;
            const int64_t first = base + (halves ? i : 2 * i),
                          second = base + (halves ? i + kHalf : 2 * i + 1);
            const float c = cosine[at(row * kHalf + i)], s = sine[at(row * kHalf + i)];
            expected[at(first)] = before[at(first)] * c - before[at(second)] * s;
            expected[at(second)] = before[at(second)] * c + before[at(first)] * s;
          }
        }
      }
      for (size_t i = 0; i < after.size(); ++i)
        CHECK(after[i] == doctest::Approx(expected[i]).epsilon(1e-6));
    }
  }
}

}  // namespace
}  // namespace phi
