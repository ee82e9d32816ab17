#include "api/memory_budget.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "phi/error.h"

namespace phi::detail {

TEST_CASE("a reservation counts until it goes away") {
  MemoryBudget budget(100);
  {
    const auto first = budget.reserve(60, "first");
    CHECK(budget.used_bytes() == 60);
    const auto second = budget.reserve(40, "second");
    CHECK(budget.used_bytes() == 100);
    CHECK_THROWS_AS(budget.reserve(1, "third"), Error);
    CHECK(budget.used_bytes() == 100);
  }
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("moving a reservation does not give it back twice") {
  MemoryBudget budget(100);
  {
    std::optional<MemoryBudget::Reservation> kept;
    kept.emplace(budget.reserve(70, "moved"));
    CHECK(budget.used_bytes() == 70);
  }
  CHECK(budget.used_bytes() == 0);
}

TEST_CASE("the refusal names what did not fit and the numbers") {
  MemoryBudget budget(100);
  const auto held = budget.reserve(30, "weights");
  try {
    (void)budget.reserve(~uint64_t{0}, "session");
    FAIL("must be refused");
  } catch (const Error& error) {
    CHECK(error.code() == Code::over_budget);
    const std::string message = error.what();
    for (const char* part : {"session", "30", "100"})
      CHECK(message.find(part) != std::string::npos);
  }
}

TEST_CASE("without a limit everything fits") {
  MemoryBudget budget(0);
  const auto held = budget.reserve(uint64_t{1} << 62, "much");
  CHECK(budget.used_bytes() == uint64_t{1} << 62);
}

TEST_CASE("threads that reserve at once never pass the limit together") {
  MemoryBudget budget(50);
  std::atomic<int> held{0}, most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        try {
          const auto reservation = budget.reserve(20, "thread");
          const int now = held.fetch_add(1) + 1;
          for (int seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          held.fetch_sub(1);
        } catch (const Error&) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most.load() <= 2);
  CHECK(budget.used_bytes() == 0);
}

}  // namespace phi::detail
