#include <algorithm>
#include <optional>
#include <vector>

#include "base/cpu.h"
#include "base/fail.h"
#include "base/parallel_backends.h"
#include "base/worker_seat.h"
#include "base/worker_thread.h"

namespace phi {

namespace {

/// Our own threads. They sleep between loops, except for the moment in which the next one usually
/// comes.
class PoolBackend final : public ParallelBackend {
 public:
  PoolBackend(int threads, Pin pin, Priority priority)
      : shares_(threads), workers_(static_cast<size_t>(threads)) {
    threads_.reserve(static_cast<size_t>(threads - 1));
    const std::vector<int> processors =
        pin == Pin::cores ? usable_processors() : std::vector<int>{};
    if (pin == Pin::cores && processors.empty())
      fail(Code::unsupported, "pin: the system does not tell which processors may be used");
    try {
      for (int number = 1; number < threads; ++number) {
        Worker& worker = workers_[static_cast<size_t>(number)];
        worker.pool = this;
        worker.number = number;
        std::optional<int> processor;  // the first one is left to the caller
        if (!processors.empty())
          processor = processors[static_cast<size_t>(number) % processors.size()];
        threads_.emplace_back(WorkerThread::Traits{number, processor, priority}, run_worker,
                              &worker);
      }
    } catch (...) {
      stop();
      throw;
    }
  }
  ~PoolBackend() override { stop(); }
  int threads() const noexcept override { return static_cast<int>(workers_.size()); }

  void run(const ParallelLoop& loop) override {
    team_ = static_cast<int>(std::min<int64_t>(threads(), loop.tasks));
    shares_.deal(loop.tasks, team_);
    loop_ = loop;
    call_followers(0);
    work_on(loop_, shares_, 0);
    // In this order: whoever is called by another worker is so before that one is dismissed.
    for (int number = 1; number < team_; ++number)
      workers_[static_cast<size_t>(number)].seat.dismiss(patience_);
  }

 private:
  struct Worker {
    PoolBackend* pool = nullptr;
    int number = 0;
    WorkerSeat seat;
  };

  static void run_worker(void* argument) {
    auto& worker = *static_cast<Worker*>(argument);
    Patience patience;
    while (worker.seat.wait_to_enter(patience)) {
      PoolBackend& pool = *worker.pool;
      pool.call_followers(worker.number);
      work_on(pool.loop_, pool.shares_, worker.number);
      worker.seat.leave();
    }
  }

  /// Every worker calls two others, so that waking many takes no one long.
  void call_followers(int number) noexcept {
    for (const int follower : {2 * number + 1, 2 * number + 2})
      if (follower < team_) workers_[static_cast<size_t>(follower)].seat.call();
  }

  void stop() noexcept {
    for (size_t i = 0; i < threads_.size(); ++i) workers_[i + 1].seat.close();
    for (WorkerThread& thread : threads_) thread.join();
  }

  TaskShares shares_;
  std::vector<Worker> workers_;  // [threads]; the caller is the first and needs no seat
  std::vector<WorkerThread> threads_;
  Patience patience_;  // the caller's
  ParallelLoop loop_{};
  int team_ = 0;  // workers that the loop is dealt to
};

}  // namespace

std::unique_ptr<ParallelBackend> make_pool_backend(int threads, Pin pin, Priority priority) {
  return std::make_unique<PoolBackend>(threads, pin, priority);
}

}  // namespace phi
