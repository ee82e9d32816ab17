#include "base/sliced_run.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "base/run_context.h"

namespace phi {

namespace {

/// A run of three sections that changes its data in place: a task that is done twice, left out or
/// begun before the loop in front of it has ended gives other numbers.
class Example {
 public:
  Example(int threads, Backend backend) : threads_(threads, backend), slices_(threads) {}

  /// One slice; true when the run is finished.
  bool advance(const SliceLimit& limit) {
    slices_.begin_slice(limit);
    run(&slices_);
    return !slices_.is_suspended();
  }
  void run(SlicedRun* slices) {
    const RunContext run{threads_, stop_, slices};
    run.section([&] {
      run.parallel_for(kNumbers, [&](int64_t i, int) { at(i) += i; });
      run.parallel_for(0, [&](int64_t, int) { total_ = -1; });
    });
    for (int round = 0; round < 2; ++round) {
      run.section([&] {
        run.once([&] { total_ *= 3; });
        run.parallel_for(kNumbers, [&](int64_t i, int) { at(i) = at(i) * 2 + 1; });
        run.once([&] {
          for (const int64_t number : numbers_) total_ += number;
        });
      });
    }
  }
  void restart() { slices_.restart(); }
  int64_t total() const { return total_; }

  static constexpr int64_t kNumbers = 23;
  static constexpr int64_t kTasks = 3 * kNumbers + 4;

 private:
  int64_t& at(int64_t i) { return numbers_[static_cast<size_t>(i)]; }

  ThreadScope threads_;
  SlicedRun slices_;
  std::atomic<bool> stop_{false};
  std::vector<int64_t> numbers_ = std::vector<int64_t>(kNumbers, 0);
  int64_t total_ = 1;
};

int64_t expected_total() {
  Example example(1, kDefaultBackend);
  example.run(nullptr);
  return example.total();
}

SliceLimit tasks(int64_t count) { return {.tasks = count}; }

}  // namespace

TEST_CASE("a run does each of its tasks once, wherever it is interrupted") {
  const int64_t expected = expected_total();
  for (const Backend backend : {Backend::openmp, Backend::pool}) {
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      for (int64_t first = 1; first <= Example::kTasks; ++first) {
        Example example(threads, backend);
        const bool is_finished = example.advance(tasks(first));
        if (threads == 1 || first < Example::kTasks)
          CHECK(is_finished == (first == Example::kTasks));
        int slices = 0;
        while (!example.advance(tasks(7))) ++slices;
        CHECK(example.total() == expected);
        CHECK(slices <= Example::kTasks);
      }
    }
  }
}

TEST_CASE("one thread does exactly as many tasks as a slice admits") {
  Example example(1, kDefaultBackend);
  int64_t slices = 1;
  while (!example.advance(tasks(1))) ++slices;
  CHECK(slices == Example::kTasks);
  CHECK(example.total() == expected_total());
}

TEST_CASE("a slice without any time does one task, one with time does all") {
  Example example(2, kDefaultBackend);
  int64_t slices = 1;
  while (!example.advance({.deadline = SliceLimit::Clock::time_point::min()})) ++slices;
  CHECK(slices > Example::kTasks / 2);
  CHECK(slices <= Example::kTasks);
  CHECK(example.total() == expected_total());

  Example at_once(2, kDefaultBackend);
  CHECK(at_once.advance({.deadline = SliceLimit::Clock::now() + std::chrono::hours(1)}));
  CHECK(at_once.total() == expected_total());
}

TEST_CASE("a run that is given up leaves nothing to the next one") {
  for (int64_t given_up = 1; given_up < Example::kTasks; ++given_up) {
    SlicedRun slices(1);
    const ThreadScope threads(1);
    const std::atomic<bool> stop{false};
    const RunContext run{threads, stop, &slices};
    const auto advance = [&](std::vector<int>& counts) {
      for (int section = 0; section < 3; ++section) {
        run.section([&] {
          run.parallel_for(static_cast<int64_t>(counts.size()),
                           [&](int64_t task, int) { ++counts[static_cast<size_t>(task)]; });
        });
      }
    };
    std::vector<int> first(25, 0), second(10, 0);
    slices.begin_slice(tasks(given_up));
    advance(first);
    slices.restart();
    slices.begin_slice({});
    advance(second);
    CHECK_FALSE(slices.is_suspended());
    CHECK(second == std::vector<int>(10, 3));
  }
}

TEST_CASE("work that is admitted one by one counts against the slice") {
  SlicedRun slices(1);
  slices.begin_slice(tasks(2));
  CHECK(slices.admits_task());
  CHECK(slices.admits_task());
  CHECK_FALSE(slices.admits_task());
  slices.begin_slice({.deadline = SliceLimit::Clock::time_point::min()});
  CHECK(slices.admits_task());
  CHECK_FALSE(slices.admits_task());
}

}  // namespace phi
