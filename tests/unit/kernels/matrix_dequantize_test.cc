// Unpacking against vectors made with gguf-py: 8 rows of 512 weights per type, with negative, zero,
// subnormal and large scales.

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "matrix_test_support.h"
#include "support/test_paths.h"

namespace phi {
namespace {

/// The bytes of one tensor of a small safetensors file.
class Vectors {
 public:
  explicit Vectors(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    REQUIRE(bytes_.size() > 8);
    uint64_t header = 0;
    std::memcpy(&header, bytes_.data(), sizeof header);
    data_ = 8 + header;
    REQUIRE(data_ < bytes_.size());
  }

  std::string tensor(const std::string& name) const {
    const size_t entry = bytes_.find("\"" + name + "\"");
    REQUIRE(entry < data_);
    const std::string key = "\"data_offsets\":[";
    size_t at = bytes_.find(key, entry) + key.size(), used = 0;
    const size_t first = std::stoull(bytes_.substr(at, 20), &used);
    at += used + 1;
    const size_t end = std::stoull(bytes_.substr(at, 20));
    REQUIRE(end > first);
    return bytes_.substr(data_ + first, end - first);
  }

 private:
  std::string bytes_;
  size_t data_;
};

TEST_CASE("every type unpacks to the reference bits on every instruction set") {
  const Vectors vectors(test::test_data("golden/data/vectors/dequant.safetensors"));
  for (const kernels::Kernels& kernels : test::each_isa()) {
    for (const DType type : test::all_dtypes()) {
      if (type == DType::f32 || type == DType::q8_256) continue;
      CAPTURE(isa_name(kernels.isa));
      CAPTURE(dtype_name(type));
      const std::string name = dtype_name(type);
      const std::string raw = vectors.tensor(name + ".raw"),
                        expected = vectors.tensor(name + ".f32");
      const auto n = static_cast<int64_t>(expected.size() / sizeof(float));
      REQUIRE(dtype_bytes(type, n) == static_cast<int64_t>(raw.size()));
      std::vector<float> got(static_cast<size_t>(n));
      kernels.matrix->dequantize[static_cast<int>(type)](raw.data(), got.data(), n);
      CHECK(std::memcmp(got.data(), expected.data(), expected.size()) == 0);
      // From an odd address and one block at a time.
      const std::string moved = "x" + raw;
      const int64_t block = dtype_info(type).block_elements;
      for (int64_t i = 0; i < n; i += block) {
        kernels.matrix->dequantize[static_cast<int>(type)](moved.data() + 1 + dtype_bytes(type, i),
                                                           &got[static_cast<size_t>(i)], block);
      }
      CHECK(std::memcmp(got.data(), expected.data(), expected.size()) == 0);
    }
  }
}

TEST_CASE("q8_256 unpacks as q8_0 does") {
  // A block of 256 has the scale and, turned round by one more for every 32, the codes of a
  // reference block of 32.
  const Vectors vectors(test::test_data("golden/data/vectors/dequant.safetensors"));
  const std::string narrow = vectors.tensor("Q8_0.raw"), values = vectors.tensor("Q8_0.f32");
  for (const kernels::Kernels& kernels : test::each_isa()) {
    CAPTURE(isa_name(kernels.isa));
    int wrong = 0;
    for (size_t block = 0; block < narrow.size() / 34; ++block) {
      std::string wide = narrow.substr(34 * block, 2), expected;
      for (size_t i = 0; i < 256; ++i) {
        const size_t from = 32 * block + (i + i / 32) % 32;
        wide += narrow[34 * block + 2 + from % 32];
        expected += values.substr(4 * from, 4);
      }
      std::vector<float> got(256);
      kernels.matrix->dequantize[static_cast<int>(DType::q8_256)](wide.data(), got.data(), 256);
      wrong += std::memcmp(got.data(), expected.data(), expected.size()) != 0;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("f32 is copied, and all instruction sets agree on random blocks") {
  const int64_t n = 2048;
  for (const DType type : test::all_dtypes()) {
    CAPTURE(dtype_name(type));
    const std::vector<uint8_t> weights = test::random_weights(type, 1, n, 7);
    std::vector<float> first(static_cast<size_t>(n)), other(static_cast<size_t>(n));
    const auto index = static_cast<int>(type);
    kernels::select_kernels(Isa::base).matrix->dequantize[index](weights.data(), first.data(), n);
    if (type == DType::f32) CHECK(std::memcmp(first.data(), weights.data(), weights.size()) == 0);
    for (const kernels::Kernels& kernels : test::each_isa()) {
      CAPTURE(isa_name(kernels.isa));
      kernels.matrix->dequantize[index](weights.data(), other.data(), n);
      CHECK(std::memcmp(first.data(), other.data(), other.size() * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("every half converts exactly") {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  std::vector<float> values(halves.size());
  for (const kernels::Kernels& kernels : test::each_isa()) {
    CAPTURE(isa_name(kernels.isa));
    kernels.matrix->dequantize[static_cast<int>(DType::f16)](halves.data(), values.data(), 65536);
    int wrong = 0;
    for (int i = 0; i < 65536; ++i) {
      const int exponent = i >> 10 & 31, fraction = i & 1023;
      const double magnitude = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                               : exponent == 0 ? std::ldexp(fraction, -24)
                                               : std::ldexp(1024 + fraction, exponent - 25);
      const double got = values[static_cast<size_t>(i)];
      const bool same = std::isnan(magnitude) ? std::isnan(got) : std::fabs(got) == magnitude;
      wrong += !same || std::signbit(got) != (i >= 0x8000);
    }
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace phi
