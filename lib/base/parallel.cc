#include "base/parallel.h"

#include <omp.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/cpu.h"
#include "base/fail.h"

namespace phi {

namespace {

constexpr int32_t kMaxThreads = 1024;

/// Takes tasks until none is left.
void take_tasks(std::atomic<int64_t>& next, int64_t tasks, TaskFunction function, void* context,
                int worker) {
  for (int64_t task = next.fetch_add(1, std::memory_order_relaxed); task < tasks;
       task = next.fetch_add(1, std::memory_order_relaxed)) {
    function(context, task, worker);
  }
}

/// Threads of the process's OpenMP runtime. The runtime keeps a team per calling thread.
class OpenMpBackend final : public ParallelBackend {
 public:
  explicit OpenMpBackend(int threads) : threads_(threads) {}
  int threads() const noexcept override { return threads_; }

  void run(int64_t tasks, TaskFunction function, void* context) override {
    std::atomic<int64_t> next{0};
    const int team = static_cast<int>(std::min<int64_t>(threads_, tasks));
    if (team <= 1) {
      take_tasks(next, tasks, function, context, 0);
      return;
    }
#pragma omp parallel num_threads(team)
    take_tasks(next, tasks, function, context, omp_get_thread_num());
  }

 private:
  int threads_;
};

/// Our own threads: they sleep between loops and end with the session.
class PoolBackend final : public ParallelBackend {
 public:
  explicit PoolBackend(int threads) {
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

  void run(int64_t tasks, TaskFunction function, void* context) override {
    if (tasks <= 1 || workers_.empty()) {
      for (int64_t task = 0; task < tasks; ++task) function(context, task, 0);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      function_ = function;
      context_ = context;
      tasks_ = tasks;
      next_.store(0, std::memory_order_relaxed);
      busy_ = static_cast<int>(workers_.size());
      ++round_;
    }
    wake_.notify_all();
    take_tasks(next_, tasks, function, context, 0);
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
      const TaskFunction function = function_;
      void* const context = context_;
      const int64_t tasks = tasks_;
      lock.unlock();
      take_tasks(next_, tasks, function, context, worker);
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
  std::atomic<int64_t> next_{0};
  TaskFunction function_ = nullptr;  // guarded by mutex_, as all below
  void* context_ = nullptr;
  int64_t tasks_ = 0;
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

}  // namespace phi
