#include "weights/conversion.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "phi/error.h"
#include "support/test_paths.h"
#include "unit/weights/open_model.h"
#include "weights/weight_store.h"

using namespace phi;
using namespace phi::test;
using phi::weights::LoadOptions;
using phi::weights::Matrix;
using phi::weights::Part;
using phi::weights::WeightStore;

namespace {

float block_maximum(const float* block) {
  float maximum = 0;
  for (int i = 0; i < 32; ++i) maximum = std::max(maximum, std::fabs(block[i]));
  return maximum;
}

/// The largest error that each format may make on a value, from its own definition.
float error_bound(DType type, const float* block, size_t i) {
  constexpr float kHalfPrecision = 1.0F / 1024;  // of the f16 scale, with room
  switch (type) {
    case DType::bf16:
      return std::fabs(block[i]) / 256;
    case DType::q8_0:
      return block_maximum(block) * (0.5F / 127 + kHalfPrecision);
    case DType::q4_0:
      // 16 steps; the searched scale may clip the largest value by more than half a step.
      return block_maximum(block) * 0.25F;
    default:
      return 0;
  }
}

void check_errors(const WeightStore& original, const WeightStore& converted) {
  const auto before = matrices_of(original), after = matrices_of(converted);
  REQUIRE(before.size() == after.size());
  for (size_t m = 0; m < before.size(); ++m) {
    const std::vector<float> exact = values_of(before[m]), got = values_of(after[m]);
    const bool blocks = before[m].cols % 32 == 0;
    size_t outside = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      const size_t block = blocks ? i / 32 * 32 : i;
      const float bound = error_bound(after[m].dtype, exact.data() + block, i - block);
      if (!(std::fabs(exact[i] - got[i]) <= bound)) ++outside;
    }
    CAPTURE(before[m].name);
    CHECK(outside == 0);
  }
}

double squared_error(const WeightStore& original, const WeightStore& other) {
  const auto before = matrices_of(original), after = matrices_of(other);
  double sum = 0;
  for (size_t m = 2; m < before.size(); ++m) {  // layers only
    const std::vector<float> exact = values_of(before[m]), got = values_of(after[m]);
    for (size_t i = 0; i < exact.size(); ++i) sum += std::pow(double{exact[i]} - got[i], 2);
  }
  return sum;
}

bool same_bytes(const Matrix& a, const Matrix& b) {
  return a.dtype == b.dtype && a.size_bytes() == b.size_bytes() &&
         std::memcmp(a.data, b.data, a.size_bytes()) == 0;
}

}  // namespace

TEST_CASE("the type that a matrix is held in") {
  using weights::held_type;
  CHECK(held_type(Weights::as_stored, Part::q, DType::q4_k, 256) == DType::q4_k);
  CHECK(held_type(Weights::f32, Part::embedding, DType::q4_k, 256) == DType::f32);
  CHECK(held_type(Weights::bf16, Part::q, DType::f32, 7) == DType::bf16);
  CHECK(held_type(Weights::int8, Part::down, DType::f32, 64) == DType::q8_0);
  CHECK(held_type(Weights::int8, Part::down, DType::f32, 48) == DType::bf16);
  CHECK(held_type(Weights::int8, Part::down, DType::q8_0, 512) == DType::q8_256);
  CHECK(held_type(Weights::int8, Part::embedding, DType::f32, 512) == DType::q8_0);
  CHECK(held_type(Weights::int8, Part::output, DType::q6_k, 512) == DType::q8_0);
  CHECK(held_type(Weights::int4, Part::gate_up, DType::f16, 64) == DType::q4_0);
  CHECK(held_type(Weights::int4, Part::embedding, DType::f16, 64) == DType::q8_0);
  CHECK(held_type(Weights::int4, Part::output, DType::f16, 64) == DType::q8_0);
  CHECK(held_type(Weights::int4, Part::output, DType::f16, 65) == DType::bf16);
  CHECK(held_type(Weights::int4, Part::gate_up, DType::f16, 512) == DType::q4_k);
  CHECK(held_type(Weights::int4, Part::embedding, DType::bf16, 512) == DType::q6_k);
  CHECK(held_type(Weights::int4, Part::output, DType::q8_0, 512) == DType::q6_k);
  CHECK(held_type(Weights::int4, Part::gate_up, DType::q5_k, 512) == DType::q4_k);
  for (const DType small : {DType::q4_0, DType::q4_k, DType::iq4_nl, DType::q3_k})
    CHECK(held_type(Weights::int4, Part::gate_up, small, 512) == small);
}

TEST_CASE("conversions of golden models stay within what their formats allow") {
  for (const char* name : {"c1_phi4", "c5_qwen2", "c7_llama_mha_tied", "c8_phi4_sharded"}) {
    const std::string folder = test_data(std::string("golden/data/") + name);
    const WeightStore original = open_folder(folder);
    for (const auto weights : {Weights::f32, Weights::bf16, Weights::int8, Weights::int4}) {
      CAPTURE(folder);
      CAPTURE(static_cast<int>(weights));
      const WeightStore converted = open_folder(folder, {.weights = weights});
      CHECK(converted.weights() == weights);
      check_errors(original, converted);
    }
  }
}

TEST_CASE("rows that do not divide into blocks are held as BF16, and the log says so") {
  std::vector<std::string> lines;
  const LoadOptions options{
      .weights = Weights::int4,
      .log = Log([&lines](int32_t, const char* line) { lines.emplace_back(line); }),
  };
  // intermediate size 176 = 5.5 blocks of 32: the four down matrices.
  const WeightStore store = open_folder(test_data("golden/data/c7_llama_mha_tied"), options);
  CHECK(store.layers()[0].down.dtype == DType::bf16);
  CHECK(store.layers()[0].gate.dtype == DType::q4_0);
  CHECK(store.embedding().dtype == DType::q8_0);
  CHECK(store.output().data == store.embedding().data);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("4 matrices") != std::string::npos);
  CHECK(lines[0].find("model.layers.0.mlp.down_proj.weight") != std::string::npos);
}

TEST_CASE("a matrix that already has the type stays as it is stored") {
  const std::string path = test_data("golden/data/gguf/g1_phi4/g1_phi4-Q4_0.gguf");
  const WeightStore stored = open_gguf(path), int4 = open_gguf(path, {.weights = Weights::int4});
  CHECK(int4.layers()[0].q.dtype == DType::q4_0);
  const auto before = matrices_of(stored), after = matrices_of(int4);
  for (size_t m = 0; m < before.size(); ++m) CHECK(same_bytes(before[m], after[m]));
}

TEST_CASE("low-bit files convert to floats exactly as they dequantise") {
  const std::string path = test_data("golden/data/gguf/g1_phi4/g1_phi4-Q4_K.gguf");
  const WeightStore stored = open_gguf(path), f32 = open_gguf(path, {.weights = Weights::f32});
  const auto before = matrices_of(stored), after = matrices_of(f32);
  for (size_t m = 0; m < before.size(); ++m) {
    CHECK(after[m].dtype == DType::f32);
    CHECK(values_of(before[m]) == values_of(after[m]));
  }
}

TEST_CASE("four bits lose less than in llama-quantize's files of the same model") {
  const auto f32_path = external_data("goldens/gguf-extra/g1_phi4/g1_phi4-F32.gguf");
  if (!f32_path) return;
  const WeightStore exact = open_gguf(*f32_path);
  const double ours = squared_error(exact, open_gguf(*f32_path, {.weights = Weights::int4}));
  CHECK(ours > 0);
  for (const char* theirs : {"Q4_0", "Q4_K"}) {
    CAPTURE(theirs);
    const std::string file = std::string("golden/data/gguf/g1_phi4/g1_phi4-") + theirs + ".gguf";
    CHECK(ours < 0.98 * squared_error(exact, open_gguf(test_data(file))));
  }
}

TEST_CASE("eight bits lose hardly more than in blocks of 32") {
  const auto f32_path = external_data("goldens/gguf-extra/g1_phi4/g1_phi4-F32.gguf");
  if (!f32_path) return;
  const WeightStore exact = open_gguf(*f32_path);
  const WeightStore int8 = open_gguf(*f32_path, {.weights = Weights::int8});
  CHECK(int8.layers()[0].down.dtype == DType::q8_256);
  CHECK(int8.output().dtype == DType::q8_0);
  const auto theirs = open_gguf(test_data("golden/data/gguf/g1_phi4/g1_phi4-Q8_0.gguf"));
  CHECK(squared_error(exact, int8) < 2 * squared_error(exact, theirs));
}

TEST_CASE("the number of threads changes nothing") {
  const std::string folder = test_data("golden/data/c8_phi4_sharded");
  const WeightStore one = open_folder(folder, {.weights = Weights::int4}, 1);
  const WeightStore three = open_folder(folder, {.weights = Weights::int4}, 3);
  const auto a = matrices_of(one), b = matrices_of(three);
  for (size_t m = 0; m < a.size(); ++m) CHECK(same_bytes(a[m], b[m]));
}

TEST_CASE("a load is cancelled when the application says so") {
  for (const auto weights : {Weights::as_stored, Weights::int8}) {
    try {
      (void)open_folder(test_data("golden/data/c1_phi4"),
                        {.weights = weights, .keep_going = [](double) { return false; }});
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() == Code::cancelled);
    }
  }
}

TEST_CASE("progress is told at most every 20 ms, from the calling thread, rising") {
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> times;
  std::vector<double> shares;
  const KeepGoing record = [&](double done) {
    times.push_back(Clock::now());
    shares.push_back(done);
    return true;
  };
  weights::LoadProgress progress(record, 1000);
  const auto end = Clock::now() + std::chrono::milliseconds(100);
  uint64_t advanced = 0;
  while (Clock::now() < end && advanced < 1000) {
    const auto next = Clock::now() + std::chrono::microseconds(200);
    while (Clock::now() < next) {
    }
    progress.advance(1);
    ++advanced;
  }
  CHECK(shares.front() == 0);
  CHECK(shares.size() >= 2);
  CHECK(std::ranges::is_sorted(shares));
  CHECK(shares.back() <= 1);
  for (size_t i = 1; i < times.size(); ++i)
    CHECK(times[i] - times[i - 1] >= std::chrono::milliseconds(19));
}
