/// The limits of the machine that decide how fast a model can run: sustained read bandwidth and
/// peak multiply-add rates.
///
/// Both are measured, never looked up. Bandwidth moves with whatever else the machine does, so
/// measure it beside what it is compared with. Peaks are those of the vector units of this build's
/// paths; matrix units (AMX) are not driven.
#ifndef PHI_BENCH_ROOF_H_
#define PHI_BENCH_ROOF_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace phi::bench {

/// A peak rate and the instructions that reached it. Operations count multiplications and
/// additions: two per multiply-add.
struct Peak {
  double operations_per_second = 0;  ///< 0: the processor has no such instructions
  const char* instructions = "none";
};

struct Peaks {
  Peak int8, bf16, f32;
};

/// One thread per physical core that this process may use.
int default_threads();

/// Bytes per second that `threads` threads read from `memory`, one sequential stream each; the best
/// of several passes. It should be many times the last-level cache.
double measure_read_bandwidth(int threads, std::span<const std::byte> memory);

/// The same from a new block of `bytes`, which lies in huge pages where the system gives them.
double measure_read_bandwidth(int threads, uint64_t bytes = uint64_t{1} << 30);

/// The same again and again, until it is at least `wanted` or `patience` seconds are over; the last
/// one.
double wait_for_read_bandwidth(int threads, double wanted, double patience,
                               uint64_t bytes = uint64_t{1} << 30);

/// Peaks of `threads` threads together, the best of several runs.
Peaks measure_peaks(int threads);

}  // namespace phi::bench

#endif  // PHI_BENCH_ROOF_H_
