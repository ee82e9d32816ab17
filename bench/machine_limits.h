/// All limits of the machine together, for what runs a model: measured before and after it.
#ifndef PHI_BENCH_MACHINE_LIMITS_H_
#define PHI_BENCH_MACHINE_LIMITS_H_

#include <string>

#include "roof.h"

namespace phi::bench {

struct MachineLimits {
  Peaks peaks;
  double block_bytes_per_second = 0;  ///< read from memory of our own, in huge pages if possible
  double file_bytes_per_second = 0;   ///< read from the model's file, mapped as the library maps it
};

/// model: a file or a folder of safetensors files. It should be in the page cache already.
MachineLimits measure_limits(const std::string& model, int threads);

/// The higher of each: what a neighbour took in one of two measurements is no property of the
/// machine.
MachineLimits best_of(const MachineLimits& a, const MachineLimits& b);

}  // namespace phi::bench

#endif  // PHI_BENCH_MACHINE_LIMITS_H_
