#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "io/gguf.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "phi/error.h"
#include "support/test_files.h"
#include "support/test_paths.h"
#include "unit/weights/gguf_bytes.h"
#include "weights/model_config.h"

using namespace phi;
using namespace phi::test;
using phi::weights::Architecture;
using phi::weights::ModelConfig;
using phi::weights::RopePairs;

namespace {

/// The sizes of a model of one architecture, with an embedding of 8 rows.
GgufBytes sizes(const std::string& arch, uint32_t layers, uint32_t context, uint32_t hidden,
                uint32_t heads, uint32_t kv_heads) {
  GgufBytes gguf;
  gguf.set("general.architecture", arch)
      .set("general.name", "te\nst")
      .set(arch + ".block_count", layers)
      .set(arch + ".context_length", context)
      .set(arch + ".embedding_length", hidden)
      .set(arch + ".feed_forward_length", uint32_t{24})
      .set(arch + ".attention.head_count", heads)
      .set(arch + ".attention.head_count_kv", kv_heads)
      .set(arch + ".attention.layer_norm_rms_epsilon", 1e-6F)
      .tensor("token_embd.weight", {8, hidden}, std::vector<float>(size_t{8} * hidden));
  return gguf;
}

ModelConfig parse(const GgufBytes& gguf) {
  const std::string bytes = gguf.bytes();
  return weights::config_from_gguf(io::Gguf::parse(as_bytes(bytes), "test.gguf"));
}

void check_close(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(3e-6));
}

/// golden.json repeats the model's config in Hugging Face's words: an independent account of what
/// the GGUF file must mean.
void check_against_golden(const std::string& gguf_path) {
  CAPTURE(gguf_path);
  const std::string golden_path = gguf_path.substr(0, gguf_path.size() - 4) + "golden.json";
  const io::Json golden = io::Json::parse(io::read_text_file(golden_path, 1 << 20), "golden.json");
  const ModelConfig expected =
      weights::config_from_json(*golden.find("config"), nullptr, "golden.json");
  const ModelConfig got = weights::config_from_gguf(io::Gguf::open(gguf_path));
  CHECK(got.architecture == expected.architecture);
  CHECK(got.layers == expected.layers);
  CHECK(got.hidden == expected.hidden);
  CHECK(got.intermediate == expected.intermediate);
  CHECK(got.heads == expected.heads);
  CHECK(got.kv_heads == expected.kv_heads);
  CHECK(got.head_dim == expected.head_dim);
  CHECK(got.vocab_size == expected.vocab_size);
  CHECK(got.context == expected.context);
  CHECK(got.sliding_window == expected.sliding_window);
  CHECK(got.rms_norm_eps == expected.rms_norm_eps);
  CHECK(got.tied_embeddings == expected.tied_embeddings);
  CHECK(got.qkv_bias == expected.qkv_bias);
  CHECK(got.rope.rotary_dim == expected.rope.rotary_dim);
  CHECK(got.rope.original_context == expected.rope.original_context);
  CHECK(got.rope.attention_factor == doctest::Approx(expected.rope.attention_factor).epsilon(1e-6));
  check_close(got.rope.inverse_frequency, expected.rope.inverse_frequency);
  check_close(got.rope.long_inverse_frequency, expected.rope.long_inverse_frequency);
  CHECK((got.rope.pairs == RopePairs::neighbours) == (got.architecture == Architecture::llama));
  CHECK(got.bos == 504);
  CHECK(got.pad == 511);
  CHECK(got.end_tokens == std::vector<Token>{507});
}

int check_folder(const std::string& root) {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".gguf") continue;
    check_against_golden(entry.path());
    ++files;
  }
  return files;
}

}  // namespace

TEST_CASE("golden GGUF files mean what their golden.json says") {
  CHECK(check_folder(test_data("golden/data/gguf")) >= 10);
  if (const auto more = external_data("goldens/gguf")) CHECK(check_folder(*more) >= 10);
  if (const auto more = external_data("goldens/gguf-extra")) CHECK(check_folder(*more) >= 6);
}

TEST_CASE("missing keys have llama.cpp's defaults") {
  const ModelConfig config = parse(sizes("llama", 1, 64, 16, 2, 1));
  CHECK(config.name == "te?st");
  CHECK(config.head_dim == 8);
  CHECK(config.rope.rotary_dim == 8);
  CHECK(config.rope.pairs == RopePairs::neighbours);
  CHECK(config.rope.inverse_frequency[1] == doctest::Approx(0.1));  // 10000 ** -(2/8)
  CHECK(config.tied_embeddings);
  CHECK(config.vocab_size == 8);
  CHECK_FALSE(config.qkv_bias);
  CHECK(config.bos == -1);
  CHECK(parse(sizes("qwen2", 1, 64, 16, 2, 1)).qkv_bias);
}

TEST_CASE("an output matrix unties, biases of q, k and v are taken, others refused") {
  auto gguf = sizes("llama", 1, 64, 4, 2, 1);
  gguf.tensor("output.weight", {8, 4}, std::vector<float>(32))
      .tensor("blk.0.attn_q.bias", {4}, std::vector<float>(4));
  CHECK_FALSE(parse(gguf).tied_embeddings);
  CHECK(parse(gguf).qkv_bias);
  gguf.tensor("blk.0.attn_output.bias", {4}, std::vector<float>(4));
  CHECK_THROWS_AS((void)parse(gguf), Error);
}

TEST_CASE("the oldest Phi-3 files have no window key") {
  CHECK(parse(sizes("phi3", 32, 4096, 64, 32, 32)).sliding_window == 2047);
  CHECK(parse(sizes("phi3", 40, 4096, 80, 40, 10)).sliding_window == 2047);
  CHECK(parse(sizes("phi3", 32, 131072, 64, 32, 32)).sliding_window == 262144);
  CHECK(parse(sizes("phi3", 40, 131072, 80, 40, 10)).sliding_window == 131072);
  CHECK(parse(sizes("phi3", 40, 16384, 80, 40, 10)).sliding_window == 0);
  auto with_key = sizes("phi3", 40, 4096, 80, 40, 10);
  with_key.set("phi3.attention.sliding_window", uint32_t{0});
  CHECK(parse(with_key).sliding_window == 0);
}

TEST_CASE("heads of a size of their own, scaled frequencies and frequency factors") {
  auto gguf = sizes("llama", 1, 64, 16, 2, 1);
  gguf.set("llama.attention.key_length", uint32_t{4})
      .set("llama.attention.value_length", uint32_t{4})
      .set("llama.rope.freq_base", 100.0F)
      .set("llama.rope.scaling.type", "linear")
      .set("llama.rope.scaling.factor", 2.0F)
      .tensor("rope_freqs.weight", {2}, {1, 4});
  const ModelConfig config = parse(gguf);
  CHECK(config.head_dim == 4);
  CHECK(config.rope.inverse_frequency[0] == doctest::Approx(0.5));
  CHECK(config.rope.inverse_frequency[1] == doctest::Approx(0.1 / 4 / 2));

  auto unequal = sizes("llama", 1, 64, 16, 2, 1);
  unequal.set("llama.attention.key_length", uint32_t{8})
      .set("llama.attention.value_length", uint32_t{4});
  CHECK_THROWS_AS((void)parse(unequal), Error);
}

TEST_CASE("yarn in GGUF metadata is the yarn of config.json") {
  auto gguf = sizes("qwen2", 1, 4096, 64, 2, 1);
  gguf.set("qwen2.rope.freq_base", 1e6F)
      .set("qwen2.rope.scaling.type", "yarn")
      .set("qwen2.rope.scaling.factor", 4.0F)
      .set("qwen2.rope.scaling.original_context_length", uint32_t{1024});
  const char* json =
      R"({"model_type": "qwen2", "hidden_size": 64, "num_hidden_layers": 1, "vocab_size": 8,
    "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 4096,
    "rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4, "original_max_position_embeddings": 1024}})";
  const ModelConfig expected =
      weights::config_from_json(io::Json::parse(json, "config.json"), nullptr, "config.json");
  CHECK(parse(gguf).rope == expected.rope);
}

TEST_CASE("longrope without a stated attention factor follows the lengths") {
  auto gguf = sizes("phi3", 1, 256, 8, 2, 1);
  gguf.set("phi3.rope.scaling.original_context_length", uint32_t{64})
      .tensor("rope_factors_short.weight", {2}, {1, 2})
      .tensor("rope_factors_long.weight", {2}, {4, 8});
  const ModelConfig config = parse(gguf);
  CHECK(config.rope.original_context == 64);
  CHECK(config.rope.attention_factor == doctest::Approx(1.1547005383));  // sqrt(1 + ln 4 / ln 64)
  CHECK(config.rope.inverse_frequency[1] == doctest::Approx(0.005));
  CHECK(config.rope.long_inverse_frequency[0] == doctest::Approx(0.25));
}

TEST_CASE("factors of the wrong length and unknown architectures are refused") {
  auto gguf = sizes("phi3", 1, 256, 8, 2, 1);
  gguf.tensor("rope_factors_short.weight", {3}, {1, 2, 3});
  CHECK_THROWS_AS((void)parse(gguf), Error);
  try {
    (void)parse(sizes("mamba", 1, 64, 16, 2, 1));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unsupported);
    CHECK(std::string(error.what()).find("mamba") != std::string::npos);
  }
}
