#include <omp.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/parallel_backends.h"

namespace phi {

namespace {

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

}  // namespace

std::unique_ptr<ParallelBackend> make_openmp_backend(int threads) {
  prove_threads(threads);
  return std::make_unique<OpenMpBackend>(threads);
}

}  // namespace phi
