#include "base/sliced_run.h"

#include <algorithm>
#include <optional>

namespace phi {

void SlicedRun::restart() noexcept {
  sections_met_ = sections_done_ = loops_done_ = 0;
  loop_is_open_ = is_suspended_ = false;
}

void SlicedRun::begin_slice(const SliceLimit& limit) noexcept {
  limit_ = limit;
  admitted_.store(0, std::memory_order_relaxed);
  is_suspended_ = false;
  sections_met_ = 0;
}

bool SlicedRun::is_used_up() const noexcept {
  return !allows(admitted_.load(std::memory_order_relaxed));
}

bool SlicedRun::admits_task() noexcept {
  return allows(admitted_.fetch_add(1, std::memory_order_relaxed));
}

bool SlicedRun::allows(int64_t before) const noexcept {
  return before == 0 || (before < limit_.tasks && SliceLimit::Clock::now() < limit_.deadline);
}

bool SlicedRun::enter_section() noexcept {
  if (is_suspended_ || sections_met_++ < sections_done_) return false;
  loops_met_ = 0;
  return true;
}

void SlicedRun::leave_section() noexcept {
  if (is_suspended_) return;
  ++sections_done_;
  loops_done_ = 0;
}

void SlicedRun::run(const ThreadScope& threads, int64_t tasks, TaskFunction function,
                    void* context) {
  for (int64_t first = 0; first < tasks; first += TaskShares::kMaxTasks) {
    run_loop(threads, {function, context, first, std::min(tasks - first, TaskShares::kMaxTasks)});
  }
}

/// Every worker takes from shares that outlive the slice, as many tasks as the slice admits.
void SlicedRun::run_loop(const ThreadScope& threads, const ParallelLoop& loop) {
  if (is_suspended_ || loops_met_++ < loops_done_) return;
  if (is_used_up()) {  // threads need not wake up to find that out
    is_suspended_ = true;
    return;
  }
  if (!loop_is_open_) {
    shares_.deal(loop.tasks, threads.threads());
    left_.store(loop.tasks, std::memory_order_relaxed);
    loop_is_open_ = true;
  }
  const int64_t workers = std::min<int64_t>(threads.threads(), left_);
  threads.parallel_for(workers, [&](int64_t, int worker) { work_on(loop, worker); });
  if (left_ > 0) {
    is_suspended_ = true;
  } else {
    ++loops_done_;
    loop_is_open_ = false;
  }
}

void SlicedRun::work_on(const ParallelLoop& loop, int worker) noexcept {
  int64_t done = 0;
  while (admits_task()) {
    const std::optional<int64_t> task = shares_.take(worker);
    if (!task) {
      admitted_.fetch_sub(1, std::memory_order_relaxed);
      break;
    }
    loop.function(loop.context, loop.first + *task, worker);
    ++done;
  }
  left_.fetch_sub(done, std::memory_order_relaxed);
}

}  // namespace phi
