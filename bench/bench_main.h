/// What every benchmark program has in common: its arguments and the limits of the machine.
#ifndef PHI_BENCH_BENCH_MAIN_H_
#define PHI_BENCH_BENCH_MAIN_H_

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "roof.h"

namespace phi::bench {

/// Given before Google Benchmark's own arguments are read.
struct BenchArguments {
  std::string model;  ///< --model=PATH; empty if not given
  int threads = 1;    ///< --threads=N; default one per physical core
};

struct Roof {
  double read_bytes_per_second;
  Peaks peaks;
};

/// Times iterations itself (the benchmark says UseManualTime), so that rates and shares become
/// plain numbers and what is not measured costs nothing.
class IterationClock {
 public:
  explicit IterationClock(benchmark::State& state) : state_(state) {}

  /// Runs `body` as the measured part of one iteration.
  template <class Body>
  void measure(Body&& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state_.SetIterationTime(seconds);
    seconds_ += seconds;
    ++iterations_;
  }

  /// The rate at which an iteration's amount was handled; 0 before the first one.
  double rate(double amount) const {
    return seconds_ > 0 ? amount * static_cast<double>(iterations_) / seconds_ : 0;
  }

 private:
  benchmark::State& state_;
  double seconds_ = 0;
  int64_t iterations_ = 0;
};

/// Called once after the arguments are read: registers the benchmarks. Defined by each program.
void register_benchmarks(const BenchArguments& arguments, const Roof& roof);

}  // namespace phi::bench

#endif  // PHI_BENCH_BENCH_MAIN_H_
