/// The places between operations where a forward pass may end early.
#ifndef PHI_MODEL_CHECKPOINT_H_
#define PHI_MODEL_CHECKPOINT_H_

#include <atomic>
#include <chrono>
#include <functional>

namespace phi::model {

/// Belongs to one call of the decoder, on the calling thread.
class Checkpoint {
 public:
  /// keep_going may be null; it is called at most every 20 ms, with the share of `steps` that is
  /// done.
  Checkpoint(const std::atomic<bool>& stop, const std::function<bool(double)>* keep_going,
             double steps);

  /// Error{cancelled} if stop is set or keep_going says so.
  void check();

  /// `steps` more are done.
  void advance(double steps) { done_ += steps; }

 private:
  using Clock = std::chrono::steady_clock;

  const std::atomic<bool>& stop_;
  const std::function<bool(double)>* keep_going_;
  double done_ = 0, steps_;
  Clock::time_point last_call_;
};

}  // namespace phi::model

#endif  // PHI_MODEL_CHECKPOINT_H_
