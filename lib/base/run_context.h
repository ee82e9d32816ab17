/// What every operation of a forward pass needs to know about the run that it is part of.
#ifndef PHI_BASE_RUN_CONTEXT_H_
#define PHI_BASE_RUN_CONTEXT_H_

#include <atomic>

#include "base/parallel.h"
#include "base/sliced_run.h"

namespace phi {

/// Threads to run on, the flag that asks to stop, and the run's place if it is done in slices.
/// Operations cut their work into tasks of about a millisecond and skip the tasks that begin after
/// `stop` is set; what they then leave behind is unspecified, and the caller throws
/// Error{cancelled}.
struct RunContext {
  const ThreadScope& threads;
  const std::atomic<bool>& stop;
  SlicedRun* slices = nullptr;  ///< null: all at once

  bool stopped() const noexcept { return stop.load(std::memory_order_relaxed); }

  /// Tasks should then be short enough for a frame of a game, even where longer ones are faster.
  bool is_sliced() const noexcept { return slices != nullptr; }

  /// Calls body(task, worker) once for every task in [0, tasks) and returns when all are done, or
  /// when the slice is used up.
  template <class Body>
  void parallel_for(int64_t tasks, Body&& body) const {
    if (slices == nullptr) {
      threads.parallel_for(tasks, body);
      return;
    }
    const TaskCall call = task_call(body);
    slices->run(threads, tasks, call.function, call.context);
  }

  /// What an operation does on the calling thread and must not do again when a run is taken up.
  template <class Body>
  void once(Body&& body) const {
    if (slices == nullptr) {
      body();
    } else {
      parallel_for(1, [&](int64_t, int) { body(); });
    }
  }

  /// A part of the run between whose loops nothing has to be kept but what they have written.
  template <class Body>
  void section(Body&& body) const {
    if (slices == nullptr) {
      body();
    } else if (slices->enter_section()) {
      body();
      slices->leave_section();
    }
  }
};

}  // namespace phi

#endif  // PHI_BASE_RUN_CONTEXT_H_
