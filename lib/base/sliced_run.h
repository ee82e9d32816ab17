/// A run that is done a slice at a time: cut short between any two of its tasks, and taken up
/// again there.
///
/// A run is a sequence of sections, a section one of parallel loops. To take it up again the owner
/// calls the same code from the start: sections and loops that were finished are passed over, the
/// interrupted loop does the tasks that are left, and everything that follows is done. Once a slice
/// is used up, everything falls through, so that the code ends by itself. This asks one thing of
/// the code in a section: what it does outside of loops can be done again at any time, or stands in
/// RunContext::once.
#ifndef PHI_BASE_SLICED_RUN_H_
#define PHI_BASE_SLICED_RUN_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/parallel.h"
#include "base/task_shares.h"

namespace phi {

/// When a slice is used up; whichever comes first. The first task of a slice is always done, so
/// that slices however small end in the end.
struct SliceLimit {
  using Clock = std::chrono::steady_clock;
  Clock::time_point deadline = Clock::time_point::max();
  int64_t tasks = std::numeric_limits<int64_t>::max();
};

/// One run after the other. One thread; only its loops run on several.
class SlicedRun {
 public:
  explicit SlicedRun(int threads) : shares_(threads) {}

  /// What follows is a new run; one that is suspended is forgotten.
  void restart() noexcept;

  /// The next slice begins.
  void begin_slice(const SliceLimit& limit) noexcept;

  /// Has the slice been used up before the run was finished?
  bool is_suspended() const noexcept { return is_suspended_; }

  /// May another task begin in this slice? It then counts. From any thread.
  bool admits_task() noexcept;

  /// false: the section is finished already, or the slice is used up.
  bool enter_section() noexcept;
  void leave_section() noexcept;

  /// A loop of the current section, as ThreadScope::parallel_for.
  void run(const ThreadScope& threads, int64_t tasks, TaskFunction function, void* context);

 private:
  /// At most TaskShares::kMaxTasks.
  void run_loop(const ThreadScope& threads, const ParallelLoop& loop);
  void work_on(const ParallelLoop& loop, int worker) noexcept;
  bool is_used_up() const noexcept;
  /// One more task, when `before` have been let in.
  bool allows(int64_t before) const noexcept;

  SliceLimit limit_;
  std::atomic<int64_t> admitted_{0};  // tasks of this slice; more when some were refused
  bool is_suspended_ = false;

  int64_t sections_met_ = 0, sections_done_ = 0;
  int64_t loops_met_ = 0, loops_done_ = 0;  // of the current section
  bool loop_is_open_ = false;               // some of its tasks may be done
  TaskShares shares_;                       // of the open loop: the tasks that are left
  std::atomic<int64_t> left_{0};            // how many
};

}  // namespace phi

#endif  // PHI_BASE_SLICED_RUN_H_
