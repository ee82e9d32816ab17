// The library's own threads as the operating system sees them.
#include <doctest/doctest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/parallel.h"
#include "phi/error.h"
#include "support/child_process.h"

using phi::Pin;
using phi::Priority;
using phi::ThreadOptions;
using phi::ThreadScope;

namespace {

/// Calls look(worker) once on every thread of the scope: each stays until all have come.
template <class Look>
void on_every_thread(const ThreadScope& scope, Look look) {
  std::atomic<int> arrived{0};
  scope.parallel_for(scope.threads(), [&](int64_t, int worker) {
    look(worker);
    ++arrived;
    while (arrived < scope.threads()) std::this_thread::yield();
  });
}

/// What the calling thread may run on.
std::set<int> allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  std::set<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) processors.insert(i);
  return processors;
}

double process_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

ThreadOptions three(Pin pin, Priority priority) {
  return {.threads = 3, .pin = pin, .priority = priority, .pool = {}};
}

}  // namespace

TEST_CASE("threads have names, and the caller keeps its own") {
  char mine[16];
  REQUIRE(pthread_getname_np(pthread_self(), mine, sizeof mine) == 0);
  const ThreadScope scope(3, phi::Backend::pool);
  std::vector<std::string> names(3);
  on_every_thread(scope, [&](int worker) {
    char name[16];
    if (pthread_getname_np(pthread_self(), name, sizeof name) == 0)
      names[static_cast<size_t>(worker)] = name;
  });
  CHECK(names == std::vector<std::string>{mine, "phi-worker-1", "phi-worker-2"});
}

TEST_CASE("pinned threads have one core each of those that are allowed") {
  const std::set<int> allowed = allowed_processors();
  const auto cores = phi::usable_processors();
  CHECK(std::set<int>(cores.begin(), cores.end()) == allowed);
  const ThreadScope scope(three(Pin::cores, Priority::normal));
  std::vector<std::set<int>> seen(3);
  on_every_thread(scope,
                  [&](int worker) { seen[static_cast<size_t>(worker)] = allowed_processors(); });
  CHECK(seen[0] == allowed);  // the caller's thread is not ours to bind
  for (const size_t worker : {1, 2})
    CHECK(seen[worker] == std::set<int>{cores[worker % cores.size()]});
}

TEST_CASE("threads of low priority are nicer than their caller, which stays as it is") {
  const int mine = getpriority(PRIO_PROCESS, 0);
  const ThreadScope low(three(Pin::none, Priority::low));
  std::vector<int> nice(3, -100), policy(3, -1);
  const auto look = [&](int worker) {
    nice[static_cast<size_t>(worker)] = getpriority(PRIO_PROCESS, 0);
    policy[static_cast<size_t>(worker)] = sched_getscheduler(0);
  };
  on_every_thread(low, look);
  CHECK(nice == std::vector<int>{mine, std::min(mine + 10, 19), std::min(mine + 10, 19)});
  CHECK(policy[1] == policy[0]);

  const ThreadScope idle(three(Pin::none, Priority::idle));
  on_every_thread(idle, look);
  CHECK(policy == std::vector<int>{sched_getscheduler(0), SCHED_IDLE, SCHED_IDLE});
}

TEST_CASE("signals go to the host's threads, those of a thread's own fault excepted") {
  const ThreadScope scope(2, phi::Backend::pool);
  sigset_t masks[2];
  on_every_thread(scope, [&](int worker) { pthread_sigmask(SIG_BLOCK, nullptr, &masks[worker]); });
  for (const int signal : {SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGPROF}) {
    CHECK(sigismember(&masks[0], signal) == 0);
    CHECK(sigismember(&masks[1], signal) == 1);
  }
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    CHECK(sigismember(&masks[1], fault) == 0);
}

TEST_CASE("threads that wait use no processor time") {
  const ThreadScope scope(4, phi::Backend::pool);
  on_every_thread(scope, [](int) {});
  // Until they have fallen asleep, and with them what LLVM's OpenMP runtime keeps spinning (200
  // ms).
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const double before = process_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(process_seconds() - before < 0.005);
}

TEST_CASE("a child of fork has the caller alone, which does all the work") {
  ThreadScope scope(3, phi::Backend::pool);
  on_every_thread(scope, [](int) {});
  const pid_t child = fork();
  if (child == 0) {
    int done = 0;
    scope.parallel_for(100, [&](int64_t, int) { ++done; });
    {
      const ThreadScope ended = std::move(scope);  // joins nobody
    }
    _exit(done == 100 ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  on_every_thread(scope, [](int) {});  // the parent's are still there
}

TEST_CASE("threads that the system does not give are an error") {
  const pid_t child = fork();  // the limit is for good
  if (child == 0) {
    rlimit address_space{1u << 30, 1u << 30};  // stacks of 8 MiB: no room for a thousand of them
    if (setrlimit(RLIMIT_AS, &address_space) != 0) _exit(2);
    try {
      const ThreadScope scope(1024, phi::Backend::pool);
    } catch (const phi::Error& error) {
      _exit(error.code() == phi::Code::out_of_memory ? 0 : 3);
    }
    _exit(4);
  }
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (phi::test::kSanitized) return;
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
