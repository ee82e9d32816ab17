/// Passing progress on without flooding the application.
#ifndef PHI_SESSION_PROGRESS_H_
#define PHI_SESSION_PROGRESS_H_

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "phi/types.h"

namespace phi::session {

/// Calls the application's keep_going at most every 20 ms. One thread.
class Progress {
 public:
  explicit Progress(KeepGoing keep_going) : keep_going_(std::move(keep_going)) {}

  /// From now on, a share of 0..1 that is reported stands for first..last of the whole.
  void set_stage(double first, double last) noexcept {
    first_ = first;
    last_ = last;
  }

  /// false: the application wants to stop.
  bool report(double done) {
    if (!keep_going_) return true;
    const auto now = std::chrono::steady_clock::now();
    if (last_call_ && now - *last_call_ < std::chrono::milliseconds(20)) return true;
    last_call_ = now;
    return keep_going_(first_ + (last_ - first_) * std::clamp(done, 0.0, 1.0));
  }

 private:
  KeepGoing keep_going_;
  double first_ = 0, last_ = 1;
  std::optional<std::chrono::steady_clock::time_point> last_call_;
};

}  // namespace phi::session

#endif  // PHI_SESSION_PROGRESS_H_
