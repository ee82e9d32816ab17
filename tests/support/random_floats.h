/// Random test data that is the same on every platform.
#ifndef PHI_SUPPORT_RANDOM_FLOATS_H_
#define PHI_SUPPORT_RANDOM_FLOATS_H_

#include <cstdint>
#include <vector>

namespace phi::test {

/// Roughly normal numbers of standard deviation `scale`: the sum of four uniform ones.
class RandomFloats {
 public:
  explicit RandomFloats(uint64_t seed) : state_(seed) {}

  std::vector<float> vector(int64_t n, float scale = 1) {
    std::vector<float> values(static_cast<size_t>(n));
    for (float& value : values) {
      const float sum = uniform() + uniform() + uniform() + uniform();
      value = scale * (sum - 2.0F) * 1.7320508F;
    }
    return values;
  }

  /// [0, 1), by SplitMix64.
  float uniform() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return static_cast<float>((z ^ (z >> 31)) >> 40) * 0x1p-24F;
  }

 private:
  uint64_t state_;
};

}  // namespace phi::test

#endif  // PHI_SUPPORT_RANDOM_FLOATS_H_
