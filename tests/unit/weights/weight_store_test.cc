#include "weights/weight_store.h"

#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "io/packed_file.h"
#include "phi/error.h"
#include "support/test_files.h"
#include "support/test_paths.h"
#include "unit/weights/open_model.h"
#include "weights/model_tensors.h"
#include "weights/tensor_names.h"

using namespace phi;
using namespace phi::test;
using phi::weights::LoadOptions;
using phi::weights::Matrix;
using phi::weights::ModelConfig;
using phi::weights::Naming;
using phi::weights::Part;
using phi::weights::WeightStore;

namespace {

bool same_bytes(const Matrix& a, const Matrix& b) {
  return a.dtype == b.dtype && a.rows == b.rows && a.cols == b.cols &&
         std::memcmp(a.data, b.data, a.size_bytes()) == 0;
}

std::vector<std::filesystem::path> golden_folders() {
  std::vector<std::filesystem::path> folders;
  for (const auto& path : sorted_entries(test_data("golden/data"))) {
    if (std::filesystem::exists(path / "config.json")) folders.push_back(path);
  }
  return folders;
}

std::vector<std::filesystem::path> golden_ggufs() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(test_data("golden/data/gguf"))) {
    if (entry.path().extension() == ".gguf") files.push_back(entry.path());
  }
  return files;
}

void check_shapes(const WeightStore& store) {
  const ModelConfig& config = store.config();
  CHECK(store.embedding().rows == config.vocab_size);
  CHECK(store.embedding().cols == config.hidden);
  CHECK(store.output().rows == config.vocab_size);
  CHECK(store.output_norm().size() == config.hidden);
  REQUIRE(store.layers().size() == config.layers);
  const int64_t q_rows = int64_t{config.heads} * config.head_dim,
                kv_rows = int64_t{config.kv_heads} * config.head_dim;
  for (const weights::LayerWeights& layer : store.layers()) {
    CHECK(layer.q.rows == q_rows);
    CHECK(layer.k.rows == kv_rows);
    CHECK(layer.v.rows == kv_rows);
    CHECK(layer.o.rows == config.hidden);
    CHECK(layer.o.cols == q_rows);
    CHECK(layer.gate.rows == config.intermediate);
    CHECK(layer.up.rows == config.intermediate);
    CHECK(layer.down.cols == config.intermediate);
    CHECK(layer.attention_norm.size() == config.hidden);
    CHECK(layer.mlp_norm.size() == config.hidden);
    CHECK(layer.q_bias.size() == (config.qkv_bias ? static_cast<size_t>(q_rows) : 0));
    CHECK(layer.v_bias.size() == (config.qkv_bias ? static_cast<size_t>(kv_rows) : 0));
  }
  uint64_t parameters = config.hidden * (1 + uint64_t{2} * config.layers), matrix_bytes = 0;
  if (config.qkv_bias) parameters += config.layers * static_cast<uint64_t>(q_rows + 2 * kv_rows);
  const uint64_t vector_bytes = parameters * sizeof(float);
  for (const Matrix& matrix : matrices_of(store)) {
    parameters += static_cast<uint64_t>(matrix.rows * matrix.cols);
    matrix_bytes += matrix.size_bytes();
  }
  CHECK(store.parameters() == parameters);
  CHECK(store.weight_bytes() == matrix_bytes + vector_bytes);
}

std::string message_of(const std::string& folder, const ModelConfig& config) {
  try {
    (void)WeightStore::from_safetensors(io::open_safetensors_folder(folder), config, {},
                                        ThreadScope(1));
  } catch (const Error& error) {
    CHECK(error.code() == Code::bad_format);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("every golden folder loads as stored, with nothing copied") {
  for (const auto& folder : golden_folders()) {
    CAPTURE(folder.string());
    const WeightStore store = open_folder(folder);
    check_shapes(store);
    CHECK((store.output().data == store.embedding().data) == store.config().tied_embeddings);
  }
}

TEST_CASE("every golden GGUF file loads as stored") {
  for (const auto& path : golden_ggufs()) {
    CAPTURE(path.string());
    const WeightStore store = open_gguf(path);
    check_shapes(store);
    // File names end in the type of every matrix: g1_phi4-Q4_0.gguf.
    const std::string type = path.stem().string().substr(path.stem().string().rfind('-') + 1);
    for (const Matrix& matrix : matrices_of(store)) CHECK(dtype_name(matrix.dtype) == type);
  }
}

TEST_CASE("fused matrices are slices of the file's own bytes, q k v and gate up in order") {
  const std::string folder = test_data("golden/data/c1_phi4");
  const io::SafetensorsFolder raw = io::open_safetensors_folder(folder);
  const WeightStore store = open_folder(folder);
  for (const io::TensorEntry& entry : raw.tensors) {
    if (entry.name == "model.layers.1.self_attn.qkv_proj.weight") {
      // heads 4, kv heads 2, head dim 16: 64 rows of q, 32 of k, 32 of v, each 64 floats.
      const auto* bytes = entry.data.data();
      CHECK(std::memcmp(store.layers()[1].q.data, bytes, 64 * 256) == 0);
      CHECK(std::memcmp(store.layers()[1].k.data, bytes + 64 * 256, 32 * 256) == 0);
      CHECK(std::memcmp(store.layers()[1].v.data, bytes + 96 * 256, 32 * 256) == 0);
      CHECK(store.layers()[1].v.name == entry.name);
    } else if (entry.name == "model.layers.2.mlp.gate_up_proj.weight") {
      CHECK(std::memcmp(store.layers()[2].gate.data, entry.data.data(), 160 * 256) == 0);
      CHECK(std::memcmp(store.layers()[2].up.data, entry.data.data() + 160 * 256, 160 * 256) == 0);
    } else if (entry.name == "model.norm.weight") {
      CHECK(std::memcmp(store.output_norm().data(), entry.data.data(), entry.data.size()) == 0);
    }
  }
}

TEST_CASE("norms and biases become floats whatever their type") {
  const std::string folder = test_data("golden/data/c5_qwen2");
  const WeightStore store = open_folder(folder);
  int compared = 0;
  for (const io::TensorEntry& entry : io::open_safetensors_folder(folder).tensors) {
    if (entry.name != "model.layers.1.self_attn.k_proj.bias") continue;
    REQUIRE(entry.dtype == DType::bf16);
    for (size_t i = 0; i < entry.data.size() / 2; ++i) {
      uint16_t half = 0;
      std::memcpy(&half, entry.data.data() + 2 * i, 2);
      uint32_t bits = 0;
      std::memcpy(&bits, &store.layers()[1].k_bias[i], 4);
      CHECK(bits == uint32_t{half} << 16);
      ++compared;
    }
  }
  CHECK(compared == 32);
}

TEST_CASE("messages name the tensor and both shapes") {
  const std::string folder = test_data("golden/data/c1_phi4");
  const ModelConfig good = folder_config(folder);
  ModelConfig wide = good;
  wide.intermediate = 161;
  CHECK(message_of(folder, wide) ==
        "tensor 'model.layers.0.mlp.gate_up_proj.weight': shape [320, 64], expected [322, 64]");
  ModelConfig deep = good;
  deep.layers = 4;
  CHECK(message_of(folder, deep) == "tensor 'model.layers.3.input_layernorm.weight' is missing");
  ModelConfig endless = good;
  endless.layers = 4000;
  CHECK(message_of(folder, endless).find("4000 layers") != std::string::npos);
  ModelConfig large = good;
  large.vocab_size = 1004;
  CHECK(message_of(folder, large) ==
        "tensor 'model.embed_tokens.weight': shape [1003, 64], expected [1004, 64]");
}

TEST_CASE("a plan says what the load then takes") {
  for (const auto weights :
       {Weights::as_stored, Weights::f32, Weights::bf16, Weights::int8, Weights::int4}) {
    const std::string folder = test_data("golden/data/c4_phi4mini");
    const LoadOptions options{.weights = weights};
    const io::SafetensorsFolder raw = io::open_safetensors_folder(folder);
    const weights::LoadPlan plan = WeightStore::plan(raw.tensors, folder_config(folder), options);
    CHECK(plan.weight_bytes == open_folder(folder, options).weight_bytes());
    CHECK(plan.peak_bytes >= plan.weight_bytes);
  }
  const std::string path = test_data("golden/data/gguf/g1_phi4/g1_phi4-Q4_0.gguf");
  const io::Gguf gguf = io::Gguf::open(path);
  const weights::LoadPlan plan =
      WeightStore::plan(gguf.tensors(), weights::config_from_gguf(gguf), {});
  CHECK(plan.weight_bytes == plan.peak_bytes);
  CHECK(plan.weight_bytes < std::filesystem::file_size(path));
  CHECK(plan.weight_bytes > std::filesystem::file_size(path) * 9 / 10);
}

TEST_CASE("a memory limit is kept before anything is allocated") {
  const std::string folder = test_data("golden/data/c1_phi4");
  const LoadOptions f32{.weights = Weights::bf16};
  const weights::LoadPlan plan =
      WeightStore::plan(io::open_safetensors_folder(folder).tensors, folder_config(folder), f32);
  CHECK_NOTHROW(
      (void)open_folder(folder, {.weights = Weights::bf16, .memory_limit_bytes = plan.peak_bytes}));
  try {
    (void)open_folder(folder,
                      {.weights = Weights::bf16, .memory_limit_bytes = plan.peak_bytes - 1});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == Code::over_budget);
    const std::string message = error.what();
    CHECK(message.find(std::to_string(plan.peak_bytes)) != std::string::npos);
    CHECK(message.find(std::to_string(plan.peak_bytes - 1)) != std::string::npos);
  }
}

TEST_CASE("a packed file gives back the same matrices, fused ones side by side") {
  const TempDir folder;
  for (const char* name : {"c1_phi4", "c4_phi4mini", "c5_qwen2", "c6_llama3"}) {
    for (const auto weights : {Weights::as_stored, Weights::int4}) {
      CAPTURE(std::string(name));
      const WeightStore original =
          open_folder(test_data(std::string("golden/data/") + name), {.weights = weights});
      const std::vector<io::TensorEntry> tensors = original.packed_tensors();
      const bool fused = original.config().architecture == weights::Architecture::phi3;
      CHECK(tensors.size() == (original.config().tied_embeddings ? 2 : 3) +
                                  original.config().layers * (fused                        ? 6
                                                              : original.config().qkv_bias ? 12
                                                                                           : 9));
      const std::string path = folder / (std::string(name) + ".phi");
      io::write_packed(path, tensors, {{"config", weights::config_to_text(original.config())}},
                       nullptr);

      io::PackedFile packed = io::PackedFile::open(path);
      ModelConfig config = weights::config_from_text(packed.text_at("config"), "packed");
      const WeightStore again = WeightStore::from_packed(
          std::move(packed), std::move(config), {.source_is_mapped = true}, ThreadScope(1));
      CHECK(again.config() == original.config());
      CHECK(again.parameters() == original.parameters());
      const auto before = matrices_of(original), after = matrices_of(again);
      REQUIRE(before.size() == after.size());
      for (size_t i = 0; i < before.size(); ++i) CHECK(same_bytes(before[i], after[i]));
      CHECK(again.output_norm() == original.output_norm());
      CHECK(again.layers()[1].k_bias == original.layers()[1].k_bias);
      if (fused) CHECK(after[2].data + after[2].size_bytes() == after[3].data);
    }
  }
}

/// The store through a packed file and back.
WeightStore through_packed_file(const WeightStore& store, const std::string& path,
                                weights::LayoutChoice layout) {
  io::write_packed(path, store.packed_tensors(),
                   {{"config", weights::config_to_text(store.config())}}, nullptr);
  io::PackedFile packed = io::PackedFile::open(path);
  ModelConfig config = weights::config_from_text(packed.text_at("config"), "packed");
  return WeightStore::from_packed(std::move(packed), std::move(config),
                                  {.layout = layout, .source_is_mapped = true}, ThreadScope(2));
}

TEST_CASE("strips are written and mapped as they are, and become the file's rows again") {
  const TempDir folder;
  for (const char* name : {"Q4_0", "Q4_K", "Q6_K", "Q8_0", "Q5_1", "IQ4_XS"}) {
    CAPTURE(std::string(name));
    const std::string gguf =
        test_data(std::string("golden/data/gguf/g1_phi4/g1_phi4-") + name + ".gguf");
    if (!std::filesystem::exists(gguf)) continue;
    const WeightStore in_rows = open_gguf(gguf);
    const WeightStore in_strips = open_gguf(gguf, {.layout = weights::LayoutChoice::strips});
    CHECK(in_rows.layers()[0].down.layout == Layout::rows);
    CHECK(in_strips.layers()[0].down.layout == Layout::strips);
    CHECK(in_strips.layers()[0].v.layout == Layout::strips);
    CHECK(in_strips.embedding().layout == Layout::rows);

    const std::string path = folder / (std::string(name) + ".phi");
    const WeightStore mapped =
        through_packed_file(in_strips, path, weights::LayoutChoice::strips);
    const auto before = matrices_of(in_strips), same = matrices_of(mapped);
    REQUIRE(before.size() == same.size());
    for (size_t i = 0; i < before.size(); ++i) {
      CHECK(before[i].layout == same[i].layout);
      CHECK(same_bytes(before[i], same[i]));
    }

    const WeightStore back = through_packed_file(in_strips, path, weights::LayoutChoice::rows);
    const auto original = matrices_of(in_rows), again = matrices_of(back);
    REQUIRE(original.size() == again.size());
    for (size_t i = 0; i < original.size(); ++i) {
      CHECK(again[i].layout == Layout::rows);
      CHECK(same_bytes(original[i], again[i]));
    }
  }
}

TEST_CASE("tensor names") {
  CHECK(tensor_name(Naming::safetensors, Part::down, 3) == "model.layers.3.mlp.down_proj.weight");
  CHECK(tensor_name(Naming::gguf, Part::k_bias, 12) == "blk.12.attn_k.bias");
  CHECK(tensor_name(Naming::packed, Part::q, 0) == "layers.0.attention.q");
  CHECK(tensor_name(Naming::gguf, Part::output) == "output.weight");
}
