// What a token costs: the sizes and published parameter counts of real models, and whether they
// share embedding and output matrix.
#include "model_cost.h"

#include <doctest/doctest.h>

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
  CHECK(cost.prefill_operations(512) ==
        doctest::Approx(512 * cost.layer_operations + cost.output_operations));
  CHECK(cost.decode_bytes(1000) == doctest::Approx(cost.weight_bytes + 1000 * 200 * 1024));
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
