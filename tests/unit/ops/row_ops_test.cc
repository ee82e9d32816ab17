// Normalisation and gating of many rows: the same bits as each row alone, for any number of
// threads; and nothing at all once the run is stopped.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "ops/activation.h"
#include "ops/norm.h"
#include "support/each_isa.h"
#include "support/random_floats.h"

namespace phi {
namespace {

constexpr int64_t kRows = 19;

TEST_CASE("rms_norm of rows") {
  constexpr int64_t kWidth = 100;
  test::RandomFloats random(1);
  const std::vector<float> x = random.vector(kRows * kWidth), weight = random.vector(kWidth);
  for (const int count : {1, 3}) {
    const ThreadScope threads(count);
    std::atomic<bool> stop{false};
    for (const kernels::Kernels& kernels : test::each_isa()) {
      std::vector<float> y(x.size()), row(kWidth);
      ops::rms_norm(x.data(), kRows, weight, 1e-5F, y.data(), kernels, {threads, stop});
      for (int64_t r = 0; r < kRows; ++r) {
        kernels.vector->rms_norm(x.data() + r * kWidth, weight.data(), kWidth, 1e-5F, row.data());
        CHECK(std::equal(row.begin(), row.end(), y.begin() + r * kWidth));
      }
    }
  }
}

TEST_CASE("swiglu of rows, longer than a task and odd") {
  constexpr int64_t kWidth = 32768 + 9;
  const std::vector<float> gate_up = test::RandomFloats(2).vector(kRows * 2 * kWidth);
  const ThreadScope threads(2);
  std::atomic<bool> stop{false};
  for (const kernels::Kernels& kernels : test::each_isa()) {
    std::vector<float> y = gate_up, row(kWidth);
    ops::swiglu_in_place(y.data(), kRows, kWidth, kernels, {threads, stop});
    for (int64_t r = 0; r < kRows; ++r) {
      const float* gate = gate_up.data() + r * 2 * kWidth;
      kernels.vector->swiglu(gate, gate + kWidth, kWidth, row.data());
      CHECK(std::equal(row.begin(), row.end(), y.begin() + r * 2 * kWidth));
      CHECK(std::equal(gate + kWidth, gate + 2 * kWidth, y.begin() + (2 * r + 1) * kWidth));
    }
    stop = true;
    std::vector<float> untouched = gate_up;
    ops::swiglu_in_place(untouched.data(), kRows, kWidth, kernels, {threads, stop});
    CHECK(untouched == gate_up);
    stop = false;
  }
}

}  // namespace
}  // namespace phi
