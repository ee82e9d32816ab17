#include "base/parallel.h"

#include <algorithm>
#include <new>
#include <optional>
#include <system_error>

#include "base/cpu.h"
#include "base/fail.h"
#include "base/parallel_backends.h"
#include "base/task_shares.h"

namespace phi {

namespace {

constexpr int32_t kMaxThreads = 1024;

bool is_own_wish(const ThreadOptions& options) {
  return options.pin != Pin::none || options.priority != Priority::normal;
}

void check_choices(const ThreadOptions& options) {
  if (options.pin != Pin::none && options.pin != Pin::cores) {
    fail(Code::invalid_argument, "pin: ", static_cast<int32_t>(options.pin),
         " is not a known choice");
  }
  const auto priority = static_cast<int32_t>(options.priority);
  if (priority < 0 || priority > static_cast<int32_t>(Priority::idle))
    fail(Code::invalid_argument, "priority: ", priority, " is not a known choice");
}

void check_pool(const ThreadOptions& options) {
  if (is_own_wish(options)) {
    fail(Code::invalid_argument, options.pin != Pin::none ? "pin" : "priority",
         ": the threads are those of 'pool', which only their owner sets up");
  }
  if (options.pool.threads < 1 || options.pool.threads > kMaxThreads) {
    fail(Code::out_of_range, "pool.threads: ", options.pool.threads, " is outside 1..",
         kMaxThreads);
  }
  if (options.threads > options.pool.threads) {
    fail(Code::out_of_range, "threads: ", options.threads, " asked for, the pool has ",
         options.pool.threads);
  }
}

std::unique_ptr<ParallelBackend> make_backend(const ThreadOptions& options, Backend backend) {
  const int threads = thread_count(options);
  try {
    if (options.pool.run) return make_host_backend(threads, options.pool);
    if (backend == Backend::openmp && !is_own_wish(options)) return make_openmp_backend(threads);
    return make_pool_backend(threads, options.pin, options.priority);
  } catch (const std::system_error& error) {
    fail(Code::out_of_memory, "threads: the system does not give ", threads, " threads (",
         error.what(), ")");
  } catch (const std::bad_alloc&) {
    fail(Code::out_of_memory, "threads: no memory for ", threads, " threads");
  }
}

}  // namespace

int thread_count(const ThreadOptions& options) {
  if (options.threads < 0 || options.threads > kMaxThreads) {
    fail(Code::out_of_range, "threads: ", options.threads, " is outside 0..", kMaxThreads);
  }
  check_choices(options);
  if (options.pool.run) check_pool(options);
  if (options.threads > 0) return options.threads;
  return options.pool.run ? options.pool.threads : usable_cores();
}

void work_on(const ParallelLoop& loop, TaskShares& shares, int worker) {
  while (const std::optional<int64_t> task = shares.take(worker))
    loop.function(loop.context, loop.first + *task, worker);
}

ThreadScope::ThreadScope(const ThreadOptions& options, Backend backend)
    : backend_(make_backend(options, backend)) {}

ThreadScope::ThreadScope(int32_t threads, Backend backend)
    : ThreadScope(ThreadOptions{.threads = threads, .pool = {}}, backend) {}

void ThreadScope::run(int64_t tasks, TaskFunction function, void* context) const {
  for (int64_t first = 0; first < tasks; first += TaskShares::kMaxTasks)
    backend_->run({function, context, first, std::min(tasks - first, TaskShares::kMaxTasks)});
}

}  // namespace phi
