/// Where a loop and one of its workers meet, without ever waiting longer than needed.
///
/// The caller of a loop calls a worker to its seat; the worker enters, runs tasks and leaves. When
/// no task is left the caller dismisses it: a worker that has not entered by then is no longer
/// wanted, and only one that is inside is waited for. So a worker that gets no processor holds
/// nobody up.
///
/// Both sides look for a moment before they sleep, because between two loops of a token there is
/// less time than sleeping and waking take. On a busy machine looking is what costs, so how long it
/// lasts depends on whether it would have paid lately.
#ifndef PHI_BASE_WORKER_SEAT_H_
#define PHI_BASE_WORKER_SEAT_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/cpu.h"

namespace phi {

/// How long one thread looks for something before it sleeps.
class Patience {
 public:
  /// True as soon as ready() holds, false when it is time to sleep.
  template <class Ready>
  bool look(Ready ready) noexcept {
    if (ready()) return true;
    begun_ = Clock::now();
    do {
      for (int i = 0; i < kLooks; ++i) {
        if (ready()) return true;
        pause_processor();
      }
    } while (Clock::now() < begun_ + limit_);
    return false;
  }

  /// After the sleep that followed a look in vain: where the wait was short all the same, the next
  /// look lasts longer; where it was long, shorter.
  void learn() noexcept {
    const bool was_short = Clock::now() - begun_ < kLongest;
    limit_ = was_short ? std::min(limit_ * 2, kLongest) : std::max(limit_ / 2, kShortest);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kLooks = 16;  // between two looks at the clock
  /// The longest covers what waking a thread takes, also in a virtual machine, and the choice of a
  /// token.
  static constexpr std::chrono::nanoseconds kShortest{1'000}, kLongest{100'000};

  std::chrono::nanoseconds limit_ = kLongest;
  Clock::time_point begun_;
};

/// One caller and one worker; each function says whose it is.
class alignas(64) WorkerSeat {
 public:
  /// Caller: there is a loop. Nobody is inside.
  void call() noexcept {
    if (state_.exchange(kCalled) == kAsleep) wake_one(state_);
  }

  /// Caller: no task is left. Returns when nobody is inside, and nobody enters before the next
  /// call.
  void dismiss(Patience& patience) noexcept {
    uint32_t state = kCalled;
    if (state_.compare_exchange_strong(state, kIdle)) return;
    if (patience.look([this] { return state_.load() != kInside; })) return;
    state = kInside;
    if (state_.compare_exchange_strong(state, kAwaited)) sleep_in(kAwaited, patience);
  }

  /// Caller, as the last thing: sends the worker away for good.
  void close() noexcept {
    if (state_.exchange(kClosed) == kAsleep) wake_one(state_);
  }

  /// Worker: enters if it is called and nobody has entered yet.
  bool enter() noexcept {
    uint32_t state = kCalled;
    return state_.compare_exchange_strong(state, kInside);
  }

  /// Worker: leaves, after enter().
  void leave() noexcept {
    if (state_.exchange(kIdle) == kAwaited) wake_one(state_);
  }

  /// Worker: enters as soon as it is called; false when the seat is closed.
  bool wait_to_enter(Patience& patience) noexcept {
    while (!enter()) {
      if (state_.load() == kClosed) return false;
      if (patience.look([this] { return state_.load() != kIdle; })) continue;
      uint32_t state = kIdle;
      if (state_.compare_exchange_strong(state, kAsleep)) sleep_in(kAsleep, patience);
    }
    return true;
  }

 private:
  static constexpr uint32_t kIdle = 0, kAsleep = 1, kCalled = 2, kInside = 3, kAwaited = 4,
                            kClosed = 5;

  /// Asleep until the other side has changed `state`.
  void sleep_in(uint32_t state, Patience& patience) noexcept {
    while (state_.load() == state) sleep_while(state_, state);
    patience.learn();
  }

  std::atomic<uint32_t> state_{kIdle};
};

}  // namespace phi

#endif  // PHI_BASE_WORKER_SEAT_H_
