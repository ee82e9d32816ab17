/// All limits of the machine together, for what runs a model and measures them around it.
#ifndef PHI_BENCH_MACHINE_LIMITS_H_
#define PHI_BENCH_MACHINE_LIMITS_H_

#include <memory>
#include <string>

#include "roof.h"

namespace phi::bench {

/// Bytes per second that are read
struct MemorySpeed {
  double block = 0;  ///< from memory of our own, in huge pages if possible
  double file = 0;   ///< from the model's file, mapped as the library maps it
};
MemorySpeed mean_of(const MemorySpeed& a, const MemorySpeed& b);

/// Measures the memory's speed in some hundredths of a second, as often as wanted: on a machine
/// with neighbours it can change within seconds.
class MemoryProbe {
 public:
  /// model: a file or a folder of safetensors files. It should be in the page cache already.
  MemoryProbe(const std::string& model, int threads);
  ~MemoryProbe();
  MemorySpeed measure() const;

 private:
  struct Memory;
  int threads_;
  std::unique_ptr<const Memory> memory_;
};

/// The higher of each: what a neighbour took in one of two measurements is no property of the
/// machine.
Peaks best_of(const Peaks& a, const Peaks& b);

}  // namespace phi::bench

#endif  // PHI_BENCH_MACHINE_LIMITS_H_
