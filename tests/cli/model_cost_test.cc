// What a token costs: the sizes and published parameter counts of real models, and whether they
// share embedding and output matrix.
#include "model_cost.h"

#include <doctest/doctest.h>

#include <string>

namespace {

struct Published {
  const char* name;
  phi::ModelInfo info;
  bool tied;
};

phi::ModelInfo sizes(const char* architecture, uint32_t layers, uint32_t hidden, uint32_t heads,
                     uint32_t kv_heads, uint32_t vocab, uint64_t parameters) {
  phi::ModelInfo info = {};
  info.architecture = architecture;
  info.layers = layers;
  info.hidden = hidden;
  info.heads = heads;
  info.kv_heads = kv_heads;
  info.head_dim = hidden / heads;
  info.vocab_size = vocab;
  info.parameters = parameters;
  info.weight_bytes = 2 * parameters;
  return info;
}

const Published kModels[] = {
    {"Phi-4", sizes("phi3", 40, 5120, 40, 10, 100352, 14659507200), false},
    {"Phi-3-mini", sizes("phi3", 32, 3072, 32, 32, 32064, 3821079552), false},
    {"Phi-4-mini", sizes("phi3", 32, 3072, 24, 8, 200064, 3836021760), true},
    {"Qwen2.5-14B", sizes("qwen2", 48, 5120, 40, 8, 152064, 14770033664), false},
    {"Qwen2.5-0.5B", sizes("qwen2", 24, 896, 14, 2, 151936, 494032768), true},
    {"Llama-3.1-8B", sizes("llama", 32, 4096, 32, 8, 128256, 8030261248), false},
    {"Llama-3.2-1B", sizes("llama", 16, 2048, 32, 8, 128256, 1235814400), true},
};

}  // namespace

TEST_SUITE_BEGIN("costs");

TEST_CASE("the cost of a token follows from the published sizes") {
  for (const Published& model : kModels) {
    CAPTURE(model.name);
    const phi::ModelInfo& info = model.info;
    const phi::bench::ModelCost cost = phi::bench::model_cost(info, phi::Kv::bf16);
    const double embedding = static_cast<double>(info.vocab_size) * info.hidden;
    const double read = static_cast<double>(info.parameters) - (model.tied ? 0 : embedding);
    CHECK(cost.weight_bytes == doctest::Approx(2 * read));
    CHECK(cost.layer_operations == doctest::Approx(2 * (read - embedding)));
  }
}

TEST_CASE("Phi-4 costs what is known of it") {
  const phi::bench::ModelCost cost = phi::bench::model_cost(kModels[0].info, phi::Kv::bf16);
  CHECK(cost.layer_operations == doctest::Approx(27.3e9).epsilon(0.01));
  CHECK(cost.output_operations == doctest::Approx(1.0e9).epsilon(0.05));
  CHECK(cost.cache_bytes_per_position == 200 * 1024);
  CHECK(cost.attention_operations == doctest::Approx(0.82e6).epsilon(0.01));
}

TEST_CASE("work counts every token and each position that it sees") {
  const phi::bench::ModelCost cost = phi::bench::model_cost(kModels[0].info, phi::Kv::bf16);
  for (const int depth : {0, 1000}) {
    CAPTURE(depth);
    double operations = 0, bytes = 0;  // token by token
    for (int token = 1; token <= 512; ++token) {
      const int seen = depth + token;
      operations += cost.layer_operations + seen * cost.attention_operations;
      bytes += cost.weight_bytes + seen * 200 * 1024;
    }
    const phi::bench::Work prompt = cost.prompt(512, depth), rows = cost.rows(512, depth),
                           generation = cost.generation(512, depth);
    CHECK(prompt.operations == doctest::Approx(operations + cost.output_operations));
    CHECK(rows.operations == doctest::Approx(operations + 512 * cost.output_operations));
    CHECK(generation.operations == doctest::Approx(rows.operations));
    CHECK(prompt.bytes == doctest::Approx(cost.weight_bytes + (depth + 512) * 200 * 1024));
    CHECK(rows.bytes == prompt.bytes);
    CHECK(generation.bytes == doctest::Approx(bytes));
  }
}

TEST_CASE("the limit is whichever takes longer, arithmetic or reading") {
  const phi::bench::ComputeRoof compute = {100, "int8"};
  const phi::bench::Limit arithmetic = limit_of({400, 50}, compute, 20);
  CHECK(arithmetic.seconds == doctest::Approx(4));
  CHECK(std::string(arithmetic.name) == "int8");
  const phi::bench::Limit reading = limit_of({200, 50}, compute, 20);
  CHECK(reading.seconds == doctest::Approx(2.5));
  CHECK(std::string(reading.name) == "memory");
}

TEST_CASE("the compute limit is that of the weights' type") {
  const phi::bench::Peaks peaks = {{4, "int8"}, {2, "bf16"}, {1, "f32"}};
  phi::ModelInfo info = kModels[0].info;
  CHECK(phi::bench::compute_roof(info, peaks).operations_per_second == 2);
  info.weight_bytes = info.parameters / 2;
  CHECK(phi::bench::compute_roof(info, peaks).operations_per_second == 4);
  info.weight_bytes = info.parameters * 4;
  CHECK(phi::bench::compute_roof(info, peaks).operations_per_second == 1);
}
