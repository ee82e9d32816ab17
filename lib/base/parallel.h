/// The one way in which this library runs work on several threads.
///
/// Work is a number of independent tasks; which thread runs which task is not fixed, so a task's
/// result must not depend on it. Neighbouring tasks mostly run one after the other on one thread,
/// but a thread that has nothing left takes them from the others (base/task_shares.h).
#ifndef PHI_BASE_PARALLEL_H_
#define PHI_BASE_PARALLEL_H_

#include <cstdint>
#include <memory>

#include "phi/types.h"

namespace phi {

/// One task of a parallel loop. Must not throw. `worker` is in [0, threads) and no two tasks run as
/// the same worker at once.
using TaskFunction = void (*)(void* context, int64_t task, int worker);

/// A body(task, worker), borrowed, as a plain function and what it is called with.
struct TaskCall {
  TaskFunction function;
  void* context;
};
template <class Body>
TaskCall task_call(Body& body) noexcept {
  return {
      [](void* context, int64_t task, int worker) { (*static_cast<Body*>(context))(task, worker); },
      const_cast<void*>(static_cast<const void*>(&body))};
}

/// Tasks [first, first + tasks), at most TaskShares::kMaxTasks.
struct ParallelLoop {
  TaskFunction function;
  void* context;
  int64_t first, tasks;
};

/// Runs parallel loops. Loops of one backend object come from one thread at a time.
class ParallelBackend {
 public:
  virtual ~ParallelBackend() = default;
  virtual int threads() const noexcept = 0;
  virtual void run(const ParallelLoop& loop) = 0;
};

enum class Backend { openmp, pool };
#ifdef PHI_DEFAULT_BACKEND_OPENMP
inline constexpr Backend kDefaultBackend = Backend::openmp;
#else
inline constexpr Backend kDefaultBackend = Backend::pool;
#endif

/// Which threads, in the words of the public options.
struct ThreadOptions {
  int32_t threads = 0;  ///< 0 = those of the host's pool, or usable_cores()
  Pin pin = Pin::none;
  Priority priority = Priority::normal;
  HostPool pool;
};

/// The part of ModelOptions or SessionOptions that is about threads.
template <class Options>
ThreadOptions thread_options(const Options& options) {
  return {options.threads, options.pin, options.priority, options.pool};
}

/// How many threads these options mean. Error{out_of_range} above 1024 or the pool's number,
/// Error{invalid_argument} for options that contradict each other or have no such value.
int thread_count(const ThreadOptions& options);

/// The threads of one session or one load. Not shared between threads of the application.
class ThreadScope {
 public:
  /// The host's pool if there is one; threads of our own where they are to be pinned or nicer; else
  /// the given backend's. Errors of thread_count(); Error{out_of_memory} if the system gives no
  /// more threads, Error{unsupported} if it does not pin them.
  explicit ThreadScope(const ThreadOptions& options, Backend backend = kDefaultBackend);
  explicit ThreadScope(int32_t threads, Backend backend = kDefaultBackend);

  int threads() const noexcept { return backend_->threads(); }

  /// Calls body(task, worker) once for every task in [0, tasks) and returns when all are done.
  template <class Body>
  void parallel_for(int64_t tasks, Body&& body) const {
    const TaskCall call = task_call(body);
    run(tasks, call.function, call.context);
  }

 private:
  void run(int64_t tasks, TaskFunction function, void* context) const;

  std::unique_ptr<ParallelBackend> backend_;
};

}  // namespace phi

#endif  // PHI_BASE_PARALLEL_H_
