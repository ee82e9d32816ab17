#include "base/parallel.h"

#include <doctest/doctest.h>

#include <atomic>
#include <vector>

#include "base/cpu.h"
#include "base/task_shares.h"
#include "phi/error.h"

using phi::Backend;
using phi::ThreadScope;

TEST_CASE("every task runs exactly once, on both backends") {
  for (const Backend backend : {Backend::openmp, Backend::pool}) {
    for (const int threads : {1, 2, 3, 8}) {
      const ThreadScope scope(threads, backend);
      CHECK(scope.threads() == threads);
      for (const int64_t tasks : {0, 1, 2, 7, 1000}) {
        std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
        std::atomic<bool> worker_in_range{true};
        scope.parallel_for(tasks, [&](int64_t task, int worker) {
          ++runs[static_cast<size_t>(task)];
          if (worker < 0 || worker >= threads) worker_in_range = false;
        });
        for (const auto& count : runs) CHECK(count == 1);
        CHECK(worker_in_range);
      }
    }
  }
}

TEST_CASE("no two tasks share a worker at one time") {
  for (const Backend backend : {Backend::openmp, Backend::pool}) {
    const ThreadScope scope(4, backend);
    std::vector<std::atomic<int>> inside(4);
    std::atomic<bool> alone{true};
    scope.parallel_for(500, [&](int64_t, int worker) {
      if (inside[static_cast<size_t>(worker)]++ != 0) alone = false;
      --inside[static_cast<size_t>(worker)];
    });
    CHECK(alone);
  }
}

TEST_CASE("a worker goes through its share in order, then takes the others' last tasks") {
  phi::TaskShares shares(3);
  shares.deal(8, 3);  // 0 1 | 2 3 4 | 5 6 7
  std::vector<int64_t> taken;
  while (const auto task = shares.take(1)) taken.push_back(*task);
  CHECK(taken == std::vector<int64_t>{2, 3, 4, 7, 6, 5, 1, 0});
  CHECK_FALSE(shares.take(0).has_value());

  shares.deal(1, 2);  // fewer tasks than workers, fewer workers than before
  CHECK(shares.take(0) == 0);
  CHECK_FALSE(shares.take(1).has_value());
  shares.deal(phi::TaskShares::kMaxTasks, 1);
  CHECK(shares.take(0) == 0);
}

TEST_CASE("thread counts are checked") {
  CHECK_THROWS_AS(ThreadScope(-1), phi::Error);
  CHECK_THROWS_AS(ThreadScope(100000), phi::Error);
  CHECK(ThreadScope(0).threads() == phi::usable_cores());
}
