#include "base/parallel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/task_shares.h"
#include "base/worker_seat.h"
#include "phi/error.h"

using phi::Backend;
using phi::HostPool;
using phi::ThreadOptions;
using phi::ThreadScope;

namespace {

/// As an application's pool might do it: a new thread for every index.
HostPool thread_per_index(int threads) {
  return {threads, [](int32_t tasks, void (*task)(void*, int32_t), void* context) {
            std::vector<std::thread> running;
            for (int32_t i = 0; i < tasks; ++i) running.emplace_back(task, context, i);
            for (std::thread& thread : running) thread.join();
          }};
}

/// Runs every index on the calling thread, the last one first.
HostPool serial_pool(int threads) {
  return {threads, [](int32_t tasks, void (*task)(void*, int32_t), void* context) {
            for (int32_t i = tasks; i-- > 0;) task(context, i);
          }};
}

ThreadOptions on(HostPool pool) { return {.threads = 0, .pool = std::move(pool)}; }

struct NamedScope {
  std::string name;
  ThreadScope scope;
};

/// One of every kind.
std::vector<NamedScope> scopes(int threads) {
  std::vector<NamedScope> all;
  all.push_back({"openmp", ThreadScope(threads, Backend::openmp)});
  all.push_back({"pool", ThreadScope(threads, Backend::pool)});
  all.push_back({"host", ThreadScope(on(thread_per_index(threads)))});
  all.push_back({"serial host", ThreadScope(on(serial_pool(threads)))});
  return all;
}

void check_every_task_once(const ThreadScope& scope, int64_t tasks) {
  std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
  std::atomic<bool> worker_in_range{true};
  scope.parallel_for(tasks, [&](int64_t task, int worker) {
    ++runs[static_cast<size_t>(task)];
    if (worker < 0 || worker >= scope.threads()) worker_in_range = false;
  });
  for (const auto& count : runs) CHECK(count == 1);
  CHECK(worker_in_range);
}

/// How long it looks for what does not come: the least of some tries, since a busy machine makes
/// each longer.
std::chrono::nanoseconds look_in_vain(phi::Patience& patience) {
  using Clock = std::chrono::steady_clock;
  auto least = std::chrono::nanoseconds::max();
  for (int i = 0; i < 5; ++i) {
    const auto begun = Clock::now();
    CHECK_FALSE(patience.look([] { return false; }));
    least = std::min<std::chrono::nanoseconds>(least, Clock::now() - begun);
  }
  return least;
}

}  // namespace

TEST_CASE("every task runs exactly once, on every backend") {
  for (const int threads : {1, 2, 3, 8}) {
    for (const NamedScope& named : scopes(threads)) {
      INFO(named.name);
      const ThreadScope& scope = named.scope;
      CHECK(scope.threads() == threads);
      for (const int64_t tasks : {0, 1, 2, 7, 1000}) check_every_task_once(scope, tasks);
    }
  }
}

TEST_CASE("loops that follow one another at once, with more threads than cores") {
  for (const int threads : {2, 5, 40}) {
    const ThreadScope scope(threads, Backend::pool);
    int64_t sum = 0;  // plain: a loop that returned too early is a data race, which TSan sees too
    std::vector<int64_t> parts(64);
    for (int round = 0; round < 2000; ++round) {
      scope.parallel_for(64, [&](int64_t task, int) { parts[static_cast<size_t>(task)] += task; });
      sum = std::accumulate(parts.begin(), parts.end(), int64_t{0});
      if (sum != (round + 1) * int64_t{64 * 63 / 2}) break;
    }
    CHECK(sum == 2000 * int64_t{64 * 63 / 2});
  }
}

TEST_CASE("a thread looks longer where its waits were short, and shorter where they were long") {
  using namespace std::chrono_literals;
  phi::Patience patience;
  CHECK(look_in_vain(patience) >= 50us);
  for (int i = 0; i < 10; ++i) {
    look_in_vain(patience);
    std::this_thread::sleep_for(1ms);
    patience.learn();
  }
  auto looked = look_in_vain(patience);
  CHECK(looked < 25us);
  // On a busy machine even these are long at times.
  for (int i = 0; i < 1000 && looked < 25us; ++i) {
    patience.look([] { return false; });
    patience.learn();
    looked = look_in_vain(patience);
  }
  CHECK(looked >= 25us);
  CHECK(patience.look([] { return true; }));
}

TEST_CASE("two scopes work beside each other") {
  std::vector<std::thread> users;
  std::atomic<int64_t> done{0};
  for (int user = 0; user < 2; ++user) {
    users.emplace_back([&] {
      const ThreadScope scope(3, Backend::pool);
      for (int round = 0; round < 200; ++round)
        scope.parallel_for(10, [&](int64_t, int) { ++done; });
    });
  }
  for (std::thread& user : users) user.join();
  CHECK(done == 2 * 200 * 10);
}

TEST_CASE("a host's pool that does less or more than agreed costs time alone") {
  const auto run_with = [](phi::RunTasks run) {
    const ThreadScope scope(on({4, std::move(run)}));
    for (int round = 0; round < 20; ++round) check_every_task_once(scope, 50);
  };
  using Task = void (*)(void*, int32_t);
  run_with([](int32_t, Task, void*) {});
  run_with([](int32_t, Task task, void* context) { task(context, 2); });
  run_with([](int32_t, Task, void*) { throw std::bad_alloc(); });
  run_with([](int32_t tasks, Task task, void* context) {
    std::vector<std::thread> twice;
    for (int32_t i = -1; i < 2 * tasks; ++i) twice.emplace_back(task, context, i % (tasks + 1));
    for (std::thread& thread : twice) thread.join();
  });
}

TEST_CASE("a host's pool that returns too early is waited for") {
  std::vector<std::thread> late;
  const auto join_late = [&] {
    for (std::thread& thread : late) thread.join();
    late.clear();
  };
  const ThreadScope scope(on({4, [&](int32_t tasks, void (*task)(void*, int32_t), void* context) {
                                join_late();
                                for (int32_t i = 0; i < tasks; ++i)
                                  late.emplace_back(task, context, i);
                              }}));
  for (int round = 0; round < 20; ++round) check_every_task_once(scope, 50);
  join_late();
}

TEST_CASE("a host's pool is asked for no more threads than wished") {
  std::atomic<int32_t> most{0};
  ThreadOptions options = on({8, [&](int32_t tasks, void (*task)(void*, int32_t), void* context) {
                                most = std::max(most.load(), tasks);
                                for (int32_t i = 0; i < tasks; ++i) task(context, i);
                              }});
  options.threads = 3;
  const ThreadScope scope(options);
  CHECK(scope.threads() == 3);
  check_every_task_once(scope, 100);
  CHECK(most == 3);
}

TEST_CASE("no two tasks share a worker at one time") {
  for (const NamedScope& named : scopes(4)) {
    INFO(named.name);
    std::vector<std::atomic<int>> inside(4);
    std::atomic<bool> alone{true};
    named.scope.parallel_for(500, [&](int64_t, int worker) {
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

TEST_CASE("options that contradict each other are named") {
  const auto check = [](ThreadOptions options, phi::Code code, const std::string& part) {
    try {
      const ThreadScope scope(options);
      FAIL_CHECK("no error: " << part);
    } catch (const phi::Error& error) {
      CHECK(error.code() == code);
      CHECK(std::string(error.what()).find(part) != std::string::npos);
    }
  };
  using phi::Code;
  ThreadOptions options = on(serial_pool(2));
  options.pin = phi::Pin::cores;
  check(options, Code::invalid_argument, "pin");
  options = on(serial_pool(2));
  options.priority = phi::Priority::low;
  check(options, Code::invalid_argument, "priority");
  options = on(serial_pool(2));
  options.threads = 3;
  check(options, Code::out_of_range, "threads: 3");
  check(on(serial_pool(0)), Code::out_of_range, "pool.threads: 0");
  check(on(serial_pool(1025)), Code::out_of_range, "pool.threads: 1025");
  check({.threads = 1, .pin = static_cast<phi::Pin>(7), .pool = {}}, Code::invalid_argument,
        "pin: 7");
  check({.threads = 1, .priority = static_cast<phi::Priority>(-1), .pool = {}},
        Code::invalid_argument, "priority: -1");
}
