/// What every operation of a forward pass needs to know about the run that it is part of.
#ifndef PHI_BASE_RUN_CONTEXT_H_
#define PHI_BASE_RUN_CONTEXT_H_

#include <atomic>

#include "base/parallel.h"

namespace phi {

/// Threads to run on and the flag that asks to stop. Operations cut their work into tasks of about
/// a millisecond and skip the tasks that begin after `stop` is set; what they then leave behind is
/// unspecified, and the caller throws Error{cancelled}.
struct RunContext {
  const ThreadScope& threads;
  const std::atomic<bool>& stop;

  bool stopped() const noexcept { return stop.load(std::memory_order_relaxed); }
};

}  // namespace phi

#endif  // PHI_BASE_RUN_CONTEXT_H_
