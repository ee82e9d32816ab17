#include "session/progress.h"

#include <doctest/doctest.h>

#include <thread>

namespace phi::session {

TEST_CASE("progress reaches the application at most every 20 ms") {
  int calls = 0;
  Progress progress([&](double) { return ++calls > 0; });
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(70))
    CHECK(progress.report(0.5));
  CHECK(calls >= 2);
  CHECK(calls <= 5);
}

TEST_CASE("a stage is mapped onto the whole, and a refusal comes back") {
  double seen = -1;
  Progress progress([&](double done) { return (seen = done) < 0; });
  progress.set_stage(0.5, 1);
  CHECK_FALSE(progress.report(0.5));
  CHECK(seen == 0.75);
}

TEST_CASE("no callback never refuses") { CHECK(Progress(nullptr).report(0)); }

}  // namespace phi::session
