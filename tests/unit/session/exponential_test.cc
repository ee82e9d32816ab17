#include "session/exponential.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace phi::session {

TEST_CASE("exp_nonpositive agrees with the C library to the last bits") {
  double worst = 0;
  for (double x = 0; x > -700; x -= 0.00731) {
    const double expected = std::exp(x);
    worst = std::max(worst, std::abs(exp_nonpositive(x) - expected) / expected);
  }
  CHECK(worst < 4 * std::numeric_limits<double>::epsilon());
}

TEST_CASE("exp_nonpositive at its ends") {
  CHECK(exp_nonpositive(0) == 1);
  CHECK(exp_nonpositive(-0.0) == 1);
  CHECK(exp_nonpositive(-1e-300) == 1);
  CHECK(exp_nonpositive(-700) > 0);
  CHECK(exp_nonpositive(-701) == 0);
  CHECK(exp_nonpositive(-std::numeric_limits<double>::infinity()) == 0);
  CHECK(exp_nonpositive(std::numeric_limits<double>::quiet_NaN()) == 0);
}

TEST_CASE("exp_nonpositive never falls as its argument rises") {
  double previous = 0;
  for (double x = -20; x <= 0; x += 0.0001) {
    const double value = exp_nonpositive(x);
    CHECK_MESSAGE(value >= previous * (1 - 4e-16), "at ", x);
    previous = value;
  }
}

}  // namespace phi::session
