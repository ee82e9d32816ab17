#include "model/checkpoint.h"

#include "base/fail.h"

namespace phi::model {

namespace {

constexpr std::chrono::milliseconds kInterval{20};

}  // namespace

Checkpoint::Checkpoint(const std::atomic<bool>& stop, const std::function<bool(double)>* keep_going,
                       double steps)
    : stop_(stop), keep_going_(keep_going), steps_(steps), last_call_(Clock::now() - kInterval) {}

void Checkpoint::check() {
  if (stop_.load(std::memory_order_relaxed)) fail(Code::cancelled, "cancelled");
  if (keep_going_ == nullptr || !*keep_going_) return;
  const Clock::time_point now = Clock::now();
  if (now - last_call_ < kInterval) return;
  last_call_ = now;
  if (!(*keep_going_)(done_ / steps_)) fail(Code::cancelled, "cancelled by keep_going");
}

}  // namespace phi::model
