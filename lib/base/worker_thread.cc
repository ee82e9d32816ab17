#include "base/worker_thread.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>

#include "base/fail.h"

namespace phi {

namespace {

constexpr int kLowNice = 10;  // steps below the thread that makes the workers
constexpr int kMostNice = 19;

struct Start {
  void (*body)(void*);
  void* argument;
  Priority priority;
};

/// Of the calling thread alone, as Linux has it. Going down is never refused.
void lower_priority(Priority priority) noexcept {
  if (priority == Priority::low) {
    const int nice = std::min(getpriority(PRIO_PROCESS, 0) + kLowNice, kMostNice);
    (void)setpriority(PRIO_PROCESS, 0, nice);
  } else if (priority == Priority::idle) {
    const sched_param parameters{};
    (void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameters);
  }
}

void* run_worker(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  lower_priority(start->priority);
  start->body(start->argument);
  return nullptr;
}

/// While it lives the calling thread, and threads that it makes, take no signals but those that
/// report a thread's own fault.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
      sigdelset(&blocked, fault);
    pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

class Attributes {
 public:
  explicit Attributes(std::optional<int> processor) {
    if (const int error = pthread_attr_init(&attributes_); error != 0)
      throw std::system_error(error, std::generic_category());
    if (!processor) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(*processor), &one);
    pthread_attr_setaffinity_np(&attributes_, sizeof one, &one);
  }
  ~Attributes() { pthread_attr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const pthread_attr_t* get() const noexcept { return &attributes_; }

 private:
  pthread_attr_t attributes_;
};

}  // namespace

WorkerThread::WorkerThread(const Traits& traits, void (*body)(void*), void* argument)
    : process_(getpid()) {
  auto start = std::make_unique<Start>(Start{body, argument, traits.priority});
  const Attributes attributes(traits.processor);
  const SignalsBlocked blocked;
  const int error = pthread_create(&thread_, attributes.get(), run_worker, start.get());
  if (error != 0 && error != EAGAIN && traits.processor) {
    fail(Code::unsupported, "pin: the system does not give a thread on processor ",
         *traits.processor, " (", std::strerror(error), ")");
  }
  if (error != 0) throw std::system_error(error, std::generic_category());
  (void)start.release();  // the thread's now
  pthread_setname_np(thread_, ("phi-worker-" + std::to_string(traits.number)).c_str());
}

void WorkerThread::join() noexcept {
  if (getpid() == process_) pthread_join(thread_, nullptr);
}

}  // namespace phi
