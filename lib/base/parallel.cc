#include "base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "base/cpu.h"
#include "base/fail.h"
#include "base/task_shares.h"

namespace phi {

namespace {

constexpr int32_t kMaxThreads = 1024;

/// Runs tasks as one of the workers until none is left.
void work_on(const ParallelLoop& loop, TaskShares& shares, int worker) {
  while (const std::optional<int64_t> task = shares.take(worker))
    loop.function(loop.context, loop.first + *task, worker);
}

/// Threads of the process's OpenMP runtime. The runtime keeps a team per calling thread.
class OpenMpBackend final : public ParallelBackend {
 public:
  explicit OpenMpBackend(int threads) : threads_(threads), shares_(threads) {}
  int threads() const noexcept override { return threads_; }

  void run(const ParallelLoop& loop) override {
    const int team = static_cast<int>(std::min<int64_t>(threads_, loop.tasks));
    shares_.deal(loop.tasks, team);
    if (team <= 1) {
      work_on(loop, shares_, 0);
      return;
    }
#pragma omp parallel num_threads(team)
    work_on(loop, shares_, omp_get_thread_num());
  }

 private:
  int threads_;
  TaskShares shares_;
};

/// Our own threads: they sleep between loops and end with the session.
class PoolBackend final : public ParallelBackend {
 public:
  explicit PoolBackend(int threads) : shares_(threads) {
    workers_.reserve(static_cast<size_t>(threads - 1));
    try {
      for (int worker = 1; worker < threads; ++worker)
        workers_.emplace_back([this, worker] { work(worker); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~PoolBackend() override { stop(); }
  int threads() const noexcept override { return static_cast<int>(workers_.size()) + 1; }

  void run(const ParallelLoop& loop) override {
    if (loop.tasks <= 1 || workers_.empty()) {
      shares_.deal(loop.tasks, 1);
      work_on(loop, shares_, 0);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      loop_ = loop;
      shares_.deal(loop.tasks, threads());
      busy_ = static_cast<int>(workers_.size());
      ++round_;
    }
    wake_.notify_all();
    work_on(loop, shares_, 0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void work(int worker) {
    uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
      const ParallelLoop loop = loop_;
      lock.unlock();
      work_on(loop, shares_, worker);
      lock.lock();
      if (--busy_ == 0) done_.notify_one();
    }
  }

  void stop() noexcept {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> workers_;
  TaskShares shares_;
  ParallelLoop loop_{};  // guarded by mutex_, as all below
  uint64_t round_ = 0;
  int busy_ = 0;
  bool stopping_ = false;
};

/// The OpenMP runtime ends the process when it cannot make a thread; so try first whether the
/// system would give them.
void prove_threads(int threads) {
  std::vector<std::thread> trial;
  const auto join_all = [&] {
    for (std::thread& thread : trial) thread.join();
  };
  try {
    trial.reserve(static_cast<size_t>(threads));
    for (int i = 1; i < threads; ++i) trial.emplace_back([] {});
  } catch (...) {
    join_all();
    throw;
  }
  join_all();
}

std::unique_ptr<ParallelBackend> make_backend(int threads, Backend backend) {
  try {
    if (backend == Backend::pool) return std::make_unique<PoolBackend>(threads);
    prove_threads(threads);
    return std::make_unique<OpenMpBackend>(threads);
  } catch (const std::system_error& error) {
    fail(Code::out_of_memory, "threads: the system does not give ", threads, " threads (",
         error.what(), ")");
  } catch (const std::bad_alloc&) {
    fail(Code::out_of_memory, "threads: no memory for ", threads, " threads");
  }
}

}  // namespace

ThreadScope::ThreadScope(int32_t threads, Backend backend) {
  if (threads < 0 || threads > kMaxThreads) {
    fail(Code::out_of_range, "threads: ", threads, " is outside 0..", kMaxThreads);
  }
  backend_ = make_backend(threads == 0 ? usable_cores() : threads, backend);
}

void ThreadScope::run(int64_t tasks, TaskFunction function, void* context) const {
  for (int64_t first = 0; first < tasks; first += TaskShares::kMaxTasks)
    backend_->run({function, context, first, std::min(tasks - first, TaskShares::kMaxTasks)});
}

}  // namespace phi
