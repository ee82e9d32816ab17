#include "kernels/weighing_kernels.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "../../support/each_isa.h"
#include "matrix_test_support.h"

namespace phi::kernels {
namespace {

std::vector<double> weigh(const Kernels& kernels, const std::vector<float>& scores, double highest,
                          double temperature) {
  std::vector<double> weights(scores.size(), NAN);
  kernels.weighing->weigh(scores.data(), static_cast<int64_t>(scores.size()), highest, temperature,
                          weights.data());
  return weights;
}

}  // namespace

TEST_CASE("weights agree with the C library's exp to the last bits") {
  std::vector<float> scores;
  for (float score = 3; score > -690; score -= 0.00731F) scores.push_back(score);
  for (const Kernels& kernels : test::each_isa()) {
    for (const double temperature : {1.0, 1.7}) {
      CAPTURE(isa_name(kernels.isa));
      const std::vector<double> weights = weigh(kernels, scores, 3, temperature);
      double worst = 0;
      for (size_t i = 0; i < scores.size(); ++i) {
        const double expected = std::exp((static_cast<double>(scores[i]) - 3) / temperature);
        worst = std::max(worst, std::abs(weights[i] - expected) / expected);
      }
      CHECK(worst < 4 * std::numeric_limits<double>::epsilon());
    }
  }
}

TEST_CASE("weights at the ends of the range") {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> scores = {0, -0.0F, -1e-30F, -700, -701, -infinity, -3.4e38F, NAN};
  for (const Kernels& kernels : test::each_isa()) {
    CAPTURE(isa_name(kernels.isa));
    const std::vector<double> weights = weigh(kernels, scores, 0, 1);
    for (size_t i : {0, 1, 2}) CHECK(weights[i] == 1);
    CHECK(weights[3] > 0);
    for (size_t i : {4, 5, 6, 7}) CHECK(weights[i] == 0);
  }
}

TEST_CASE("weights have the same bits on every instruction set, for any number of scores") {
  const std::vector<Kernels> all = test::each_isa();
  for (const int64_t count : {1, 2, 7, 8, 63, 64, 1000}) {
    const std::vector<float> scores = test::random_floats(count, 40);
    const std::vector<double> expected = weigh(all.front(), scores, 5, 0.8);
    for (const Kernels& kernels : all) {
      const std::vector<double> weights = weigh(kernels, scores, 5, 0.8);
      CHECK(std::memcmp(weights.data(), expected.data(), weights.size() * sizeof(double)) == 0);
    }
  }
}

TEST_CASE("weights never rise as scores fall") {
  std::vector<float> scores;
  for (float score = 0; score > -20; score -= 0.0001F) scores.push_back(score);
  for (const Kernels& kernels : test::each_isa()) {
    const std::vector<double> weights = weigh(kernels, scores, 0, 1);
    int risen = 0;
    for (size_t i = 1; i < weights.size(); ++i)
      risen += weights[i] > weights[i - 1] * (1 + 4e-16) ? 1 : 0;
    CHECK(risen == 0);
  }
}

}  // namespace phi::kernels
