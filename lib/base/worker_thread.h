/// A thread of the library's own, made as a good guest makes one.
#ifndef PHI_BASE_WORKER_THREAD_H_
#define PHI_BASE_WORKER_THREAD_H_

#include <pthread.h>
#include <sys/types.h>

#include <optional>

#include "phi/types.h"

namespace phi {

/// Named "phi-worker-<number>". Signals go to the host's threads, not to this one. In a child of
/// fork(), where there is no such thread, join() returns at once.
class WorkerThread {
 public:
  struct Traits {
    int number;
    std::optional<int> processor;  ///< to stay on
    Priority priority;
  };

  /// Runs body(argument). std::system_error if the system gives no thread, Error{unsupported} if it
  /// gives none on that processor.
  WorkerThread(const Traits& traits, void (*body)(void* argument), void* argument);

  /// Waits for the end of body. Exactly once.
  void join() noexcept;

 private:
  pthread_t thread_;
  pid_t process_;
};

}  // namespace phi

#endif  // PHI_BASE_WORKER_THREAD_H_
