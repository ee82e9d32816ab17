/// What the tests of matrix kernels share: random numbers and random blocks.
#ifndef PHI_UNIT_KERNELS_MATRIX_TEST_SUPPORT_H_
#define PHI_UNIT_KERNELS_MATRIX_TEST_SUPPORT_H_

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/dispatch.h"
#include "kernels/quantize.h"
#include "support/each_isa.h"

namespace phi::test {

inline std::vector<DType> all_dtypes() {
  std::vector<DType> all;
  for (int i = 0; i < kDTypes; ++i) all.push_back(static_cast<DType>(i));
  return all;
}

inline std::vector<float> random_floats(int64_t n, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values) value = normal(generator);
  return values;
}

/// Where the f16 scales of a block lie, in bytes from its start.
inline std::vector<int> half_offsets(DType type) {
  switch (type) {
    case DType::q4_1:
    case DType::q5_1:
    case DType::q4_k:
    case DType::q5_k:
      return {0, 2};
    case DType::q2_k:
      return {80, 82};
    case DType::q3_k:
      return {108};
    case DType::q6_k:
      return {208};
    default:
      return {0};
  }
}

/// A matrix [rows, cols] of random bits with ordinary scales; plain types hold normal numbers.
inline std::vector<uint8_t> random_weights(DType type, int64_t rows, int64_t cols, uint64_t seed) {
  const int64_t elements = rows * cols;
  std::vector<uint8_t> bytes(static_cast<size_t>(dtype_bytes(type, elements)));
  if (!is_quantized(type)) {
    kernels::quantize_row(type, random_floats(elements, seed).data(), bytes.data(), elements);
    return bytes;
  }
  std::mt19937_64 generator(seed);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(generator());
  std::uniform_real_distribution<float> magnitude(0.005f, 0.02f);
  for (size_t block = 0; block < bytes.size();
       block += static_cast<size_t>(dtype_info(type).block_bytes)) {
    for (const int offset : half_offsets(type)) {
      const uint16_t half = kernels::float_to_half(generator() % 4 == 0 ? -magnitude(generator)
                                                                        : magnitude(generator));
      std::memcpy(&bytes[block + static_cast<size_t>(offset)], &half, sizeof half);
    }
  }
  return bytes;
}

}  // namespace phi::test

#endif  // PHI_UNIT_KERNELS_MATRIX_TEST_SUPPORT_H_
