/// The generator behind every draw: the same seed gives the same numbers on every platform and in
/// every version.
#ifndef PHI_SESSION_RANDOM_H_
#define PHI_SESSION_RANDOM_H_

#include <array>
#include <cstdint>

namespace phi::session {

/// xoshiro256** by Blackman and Vigna (https://prng.di.unimi.it/), its state filled from the seed
/// by splitmix64. A value type; one thread at a time.
class Random {
 public:
  explicit Random(uint64_t seed) noexcept;
  /// Starts from a given state, not all zero.
  explicit Random(const std::array<uint64_t, 4>& state) noexcept : state_(state) {}

  uint64_t next_bits() noexcept;

  /// The upper 53 bits of next_bits() times 2^-53: uniform in [0, 1), exact in a double.
  double next_uniform() noexcept { return static_cast<double>(next_bits() >> 11) * 0x1.0p-53; }

 private:
  std::array<uint64_t, 4> state_;
};

/// One step of splitmix64: advances `state` and returns its output.
uint64_t splitmix64(uint64_t& state) noexcept;

}  // namespace phi::session

#endif  // PHI_SESSION_RANDOM_H_
