/// Runs an action again and again, each time with another of its allocations failing, until it
/// needs no more.
#ifndef PHI_FAULT_FAULT_PLAN_H_
#define PHI_FAULT_FAULT_PLAN_H_

#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>

#include "fault/allocation_faults.h"

namespace phi::test {

/// How one try ended. `text` is shown when it was not to end so; it needs no memory of the heap,
/// whose blocks are counted.
struct Outcome {
  enum Kind { done, out_of_memory, wrong } kind = done;
  char text[160] = "";

  static Outcome wrongly(const char* what) noexcept {
    Outcome outcome{wrong};
    std::string_view(what)
        .substr(0, sizeof outcome.text - 1)
        .copy(outcome.text, sizeof outcome.text - 1);
    return outcome;
  }
};

/// At most about this many tries of one action; every one of its first allocations, then an even
/// share of the rest.
inline constexpr int64_t kTries = 1500;
inline constexpr int64_t kFindings = 10;  ///< after which an action is given up

/// attempt() gives an Outcome and releases whatever it made; unchanged() checks what must not have
/// changed. Each failing allocation gives out_of_memory or a success by other means, loses no
/// memory, and the action succeeds afterwards.
template <class Attempt, class Unchanged>
void fail_each_allocation(Failing failing, Attempt&& attempt, Unchanged&& unchanged) {
  for (int warm = 0; warm < 2; ++warm)
    REQUIRE(attempt().kind == Outcome::done);  // caches that live as long as the process
  const int64_t before = allocations_so_far();
  REQUIRE(attempt().kind == Outcome::done);
  const int64_t needed = allocations_so_far() - before;
  const int64_t dense = std::min(needed, kTries / 2);
  const int64_t stride = std::max<int64_t>(1, (needed - dense) / (kTries / 2));
  int64_t live = live_allocations(), refused = 0, findings = 0;
  for (int64_t nth = 1; nth <= needed; nth += nth < dense ? 1 : stride) {
    AllocationFaults faults(nth, failing);
    const Outcome outcome = attempt();
    const bool fired = faults.stop();
    const int64_t lost = live_allocations() - live;
    live += lost;
    if (outcome.kind == Outcome::out_of_memory) ++refused;
    if (outcome.kind == Outcome::out_of_memory && !fired)
      FAIL_CHECK("out of memory, though nothing failed");
    if (outcome.kind == Outcome::wrong || lost != 0) {
      FAIL_CHECK("allocation " << nth << " of " << needed << ": " << outcome.text
                               << "; allocations lost: " << lost);
      if (++findings == kFindings) break;
    }
    unchanged();
  }
  CHECK(attempt().kind == Outcome::done);
  CHECK((needed == 0 || refused > 0));
  MESSAGE(needed << " allocations, " << refused << " failures reported");
}

}  // namespace phi::test

#endif  // PHI_FAULT_FAULT_PLAN_H_
