#include <algorithm>
#include <utility>
#include <vector>

#include "base/parallel_backends.h"
#include "base/worker_seat.h"

namespace phi {

namespace {

/// The host's threads. What a host does wrong costs time and nothing else: an index that it leaves
/// out, or never comes to because run() throws, is work for the others and the caller; one that it
/// calls twice is refused; and one that is still inside when run() returns is waited for.
class HostBackend final : public ParallelBackend {
 public:
  HostBackend(int threads, HostPool pool)
      : pool_(std::move(pool)), shares_(threads), seats_(static_cast<size_t>(threads)) {}
  int threads() const noexcept override { return static_cast<int>(seats_.size()); }

  void run(const ParallelLoop& loop) override {
    const auto team = static_cast<int32_t>(std::min<int64_t>(threads(), loop.tasks));
    shares_.deal(loop.tasks, team);
    if (team > 1) {
      loop_ = loop;
      for (int32_t i = 0; i < team; ++i) seats_[static_cast<size_t>(i)].call();
      try {
        pool_.run(team, run_worker, this);
      } catch (...) {  // the loop below does what is left
      }
      for (int32_t i = 0; i < team; ++i) seats_[static_cast<size_t>(i)].dismiss(patience_);
    }
    work_on(loop, shares_, 0);
  }

 private:
  static void run_worker(void* context, int32_t index) {
    auto& backend = *static_cast<HostBackend*>(context);
    if (index < 0 || index >= backend.threads()) return;
    WorkerSeat& seat = backend.seats_[static_cast<size_t>(index)];
    if (!seat.enter()) return;
    work_on(backend.loop_, backend.shares_, index);
    seat.leave();
  }

  HostPool pool_;
  TaskShares shares_;
  std::vector<WorkerSeat> seats_;
  Patience patience_;
  ParallelLoop loop_{};
};

}  // namespace

std::unique_ptr<ParallelBackend> make_host_backend(int threads, HostPool pool) {
  return std::make_unique<HostBackend>(threads, std::move(pool));
}

}  // namespace phi
