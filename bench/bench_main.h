/// What every benchmark program has in common: its arguments and the limits of the machine.
#ifndef PHI_BENCH_BENCH_MAIN_H_
#define PHI_BENCH_BENCH_MAIN_H_

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

/// Called once after the arguments are read: registers the benchmarks. Defined by each program.
void register_benchmarks(const BenchArguments& arguments, const Roof& roof);

}  // namespace phi::bench

#endif  // PHI_BENCH_BENCH_MAIN_H_
