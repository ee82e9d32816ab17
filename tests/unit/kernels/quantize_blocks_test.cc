// Quantisers of blocks: the same bits on every instruction set, and errors beside ggml's.

#include <doctest/doctest.h>

#include <string>

#include "matrix_test_support.h"
#include "support/random_floats.h"

namespace phi {
namespace {

constexpr DType kTypes[] = {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k, DType::q8_256};

kernels::QuantizeKernels::QuantizeRow quantiser(const kernels::QuantizeKernels& table, DType type) {
  switch (type) {
    case DType::q8_0:
      return table.q8_0;
    case DType::q4_0:
      return table.q4_0;
    case DType::q4_k:
      return table.q4_k;
    case DType::q8_256:
      return table.q8_256;
    default:
      return table.q6_k;
  }
}

std::vector<uint8_t> quantized(const kernels::QuantizeKernels& table, DType type,
                               const std::vector<float>& values) {
  const auto n = static_cast<int64_t>(values.size());
  std::vector<uint8_t> bytes(static_cast<size_t>(dtype_bytes(type, n)));
  quantiser(table, type)(values.data(), bytes.data(), n);
  return bytes;
}

std::vector<float> round_trip(DType type, const std::vector<float>& values) {
  const kernels::Kernels kernels = kernels::select_kernels(Isa::best);
  const std::vector<uint8_t> bytes = quantized(*kernels.quantize, type, values);
  std::vector<float> back(values.size());
  kernels.matrix->dequantize[static_cast<int>(type)](bytes.data(), back.data(),
                                                     static_cast<int64_t>(back.size()));
  return back;
}

/// sum((a - b)^2) / sum(a^2)
double relative_error(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    error += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    square += double{a[i]} * a[i];
  }
  return error / square;
}

/// Rows that hold every difficulty at once, in groups of 32.
std::vector<float> awkward_values(int64_t n, uint64_t seed) {
  std::vector<float> values = test::RandomFloats(seed).vector(n);
  for (size_t i = 0; i < values.size(); ++i) {
    switch (i / 32 % 13) {
      case 1:
        values[i] = 0;
        break;
      case 3:
        values[i] = 0.75f;
        break;
      case 4:
        values[i] = -3;
        break;
      case 5:
        values[i] = std::fabs(values[i]);
        break;
      case 6:
        values[i] *= 1e-30f;
        break;
      case 7:
        values[i] *= 1e20f;
        break;
      case 8:
        values[i] *= 1e-6f;
        break;
      case 9:
        if (i % 32 == 5) values[i] = INFINITY;
        break;
      case 10:
        if (i % 32 == 7) values[i] = NAN;
        break;
      case 11:
        if (i % 32 == 9) values[i] *= 100;
        break;
      default:
        break;
    }
  }
  return values;
}

TEST_CASE("every instruction set makes the same blocks, of any number of them") {
  for (const DType type : kTypes) {
    CAPTURE(dtype_name(type));
    for (int64_t n = dtype_info(type).block_elements; n <= 8192; n = n * 2 + 256) {
      CAPTURE(n);
      for (const auto& values : {test::RandomFloats(static_cast<uint64_t>(n)).vector(n, 0.02f),
                                 awkward_values(n, static_cast<uint64_t>(n))}) {
        const std::vector<uint8_t> expected = quantized(kernels::kQuantizeBase, type, values);
        for (const kernels::Kernels& kernels : test::each_isa()) {
          CAPTURE(isa_name(kernels.isa));
          CHECK(quantized(*kernels.quantize, type, values) == expected);
        }
      }
    }
  }
}

TEST_CASE("a block does not depend on its neighbours") {
  const std::vector<float> values = test::RandomFloats(3).vector(20 * 256);
  for (const DType type : kTypes) {
    CAPTURE(dtype_name(type));
    const std::vector<float> together = round_trip(type, values);
    const auto block = static_cast<int64_t>(dtype_info(type).block_elements);
    for (auto at = values.begin(); at < values.end(); at += block) {
      const std::vector<float> alone = round_trip(type, {at, at + block});
      CHECK(std::equal(alone.begin(), alone.end(), together.begin() + (at - values.begin())));
    }
  }
}

TEST_CASE("the error is below ggml's on the same values") {
  // ggml's figures: ggml_quantize_chunk without importances (libggml 0.27.0, called through ctypes)
  // on the same 2^17 numbers in rows of 1024, dequantised by gguf-py.
  struct Ggml {
    std::string name;
    double q8_0, q4_0, q4_k, q6_k;
  };
  const Ggml kGgml[] = {
      {"normal", 2.563156e-05, 0.0066157900, 0.0047290635, 2.871682e-04},
      {"heavy-tailed", 6.590184e-05, 0.0116766868, 0.0082515209, 5.665737e-04},
      {"not centred", 1.924565e-05, 0.0048375193, 0.0014437895, 2.183385e-04},
  };
  const std::vector<float> normal = test::RandomFloats(7).vector(1 << 17);
  for (const Ggml& ggml : kGgml) {
    CAPTURE(ggml.name);
    std::vector<float> values = normal;
    for (float& value : values) {
      if (&ggml == &kGgml[1]) value = value * value * value;
      if (&ggml == &kGgml[2]) value += 1.5f;
    }
    const auto error = [&](DType type) { return relative_error(values, round_trip(type, values)); };
    CHECK(error(DType::q8_0) < 1.001 * ggml.q8_0);  // nothing to choose
    CHECK(error(DType::q4_0) < 0.94 * ggml.q4_0);
    CHECK(error(DType::q4_k) < 0.98 * ggml.q4_k);
    CHECK(error(DType::q6_k) < 0.975 * ggml.q6_k);
    MESSAGE(ggml.name << ", error over ggml's: Q4_0 " << error(DType::q4_0) / ggml.q4_0 << ", Q4_K "
                      << error(DType::q4_k) / ggml.q4_k << ", Q6_K "
                      << error(DType::q6_k) / ggml.q6_k);
  }
}

TEST_CASE("the error of q8_256 is near the best of one scale per 256 weights") {
  // The least of 81 scales for every block of these numbers, each refitted to its codes and rounded
  // to half precision (numpy, in f64); largest magnitude / 127 leaves 3.817e-5 and 1.721e-4.
  const std::vector<float> normal = test::RandomFloats(7).vector(1 << 17);
  std::vector<float> cubes = normal;
  for (float& value : cubes) value = value * value * value;
  CHECK(relative_error(normal, round_trip(DType::q8_256, normal)) < 1.03 * 3.564719e-05);
  CHECK(relative_error(cubes, round_trip(DType::q8_256, cubes)) < 1.02 * 1.661201e-04);
}

TEST_CASE("q4_k expresses what it can express exactly") {
  // Groups on the format's own grid: d = dmin = 1/64, scales and minima whole multiples of it with
  // both extremes, every code in use.
  std::vector<float> values(512);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t group = i / 32 % 8;
    const auto scale = static_cast<float>(63 - 7 * group), minimum = static_cast<float>(9 * group);
    values[i] = (scale * static_cast<float>(i % 16) - minimum) / 64;
  }
  CHECK(relative_error(values, round_trip(DType::q4_k, values)) < 1e-6);
  for (const float constant : {0.75f, -3.0f, 0.0f}) {
    const std::vector<float> all(256, constant);
    for (const float value : round_trip(DType::q4_k, all))
      CHECK(std::fabs(value - constant) <= 1e-3f * std::fabs(constant));
  }
}

}  // namespace
}  // namespace phi
