/// The backends of ThreadScope, and the loop that they all run.
#ifndef PHI_BASE_PARALLEL_BACKENDS_H_
#define PHI_BASE_PARALLEL_BACKENDS_H_

#include <memory>

#include "base/parallel.h"
#include "base/task_shares.h"

namespace phi {

/// Runs tasks as one of the workers until none is left.
void work_on(const ParallelLoop& loop, TaskShares& shares, int worker);

/// Threads of the process's OpenMP runtime, which keeps a team per calling thread.
/// std::system_error if the system does not give them now.
std::unique_ptr<ParallelBackend> make_openmp_backend(int threads);

/// Threads of our own: the caller and `threads` - 1 others, which end with the backend.
/// std::system_error if the system does not give them, Error{unsupported} if it does not pin them.
std::unique_ptr<ParallelBackend> make_pool_backend(int threads, Pin pin, Priority priority);

/// The host's threads, of which at most `threads` are asked for at once.
std::unique_ptr<ParallelBackend> make_host_backend(int threads, HostPool pool);

}  // namespace phi

#endif  // PHI_BASE_PARALLEL_BACKENDS_H_
