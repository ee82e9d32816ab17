#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "io/json.h"
#include "io/mapped_file.h"
#include "phi/error.h"
#include "support/test_paths.h"
#include "unit/weights/real_configs.h"
#include "weights/model_config.h"
#include "weights/model_tensors.h"

using namespace phi;
using namespace phi::test;
using phi::weights::Architecture;
using phi::weights::ModelConfig;

namespace {

ModelConfig parse(const std::string& text, const char* generation = nullptr) {
  const io::Json json = io::Json::parse(text, "config.json");
  if (generation == nullptr) return weights::config_from_json(json, nullptr, "config.json");
  const io::Json more = io::Json::parse(generation, "generation_config.json");
  return weights::config_from_json(json, &more, "config.json");
}

/// `config` with `old_text` replaced, which must be there.
std::string edited(std::string config, const std::string& old_text, const std::string& new_text) {
  const size_t at = config.find(old_text);
  REQUIRE(at != std::string::npos);
  return config.replace(at, old_text.size(), new_text);
}

Error error_of(const std::string& text) {
  try {
    (void)parse(text);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error for ", text);
  return Error(Code::internal, "");
}

bool mentions(const Error& error, const char* part) {
  return std::string(error.what()).find(part) != std::string::npos;
}

std::vector<std::string> golden_folders() {
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(test_data("golden/data"))) {
    if (std::filesystem::exists(entry.path() / "config.json")) folders.push_back(entry.path());
  }
  return folders;
}

}  // namespace

TEST_CASE("real configs give the known shapes and parameter counts") {
  for (const RealModel& model : kRealModels) {
    CAPTURE(std::string(model.name));
    CHECK(weights::count_parameters(parse(model.config)) == model.parameters);
  }
  const ModelConfig phi4 = parse(kPhi4);
  CHECK(phi4.architecture == Architecture::phi3);
  CHECK(phi4.layers == 40);
  CHECK(phi4.head_dim == 128);
  CHECK(phi4.kv_heads == 10);
  CHECK(phi4.context == 16384);
  CHECK(phi4.sliding_window == 0);
  CHECK(phi4.rms_norm_eps == 1e-5F);
  CHECK_FALSE(phi4.tied_embeddings);
  CHECK_FALSE(phi4.qkv_bias);
  CHECK(phi4.bos == 100257);
  CHECK(phi4.pad == 100349);
  CHECK(phi4.end_tokens == std::vector<Token>{100265});
  CHECK(phi4.rope.rotary_dim == 128);
  CHECK(phi4.rope.original_context == 0);
  CHECK(phi4.rope.long_inverse_frequency.empty());
}

TEST_CASE("both forms of one config are the same") {
  CHECK(parse(kPhi4) == parse(kPhi4V5));
  CHECK(parse(kPhi4Mini) == parse(kPhi4MiniV5));
}

TEST_CASE("windows: Phi-3 has them, Qwen2 only when it says so") {
  CHECK(parse(kPhi3Medium4k).sliding_window == 2047);
  CHECK(parse(kPhi4Mini).sliding_window == 262144);
  CHECK(parse(edited(kPhi3Medium4k, "\"sliding_window\": 2047", "\"sliding_window\": 0"))
            .sliding_window == 0);
  CHECK(parse(kQwen14B).sliding_window == 0);

  const std::string on =
      edited(kQwen14B, "\"use_sliding_window\": false", "\"use_sliding_window\": true");
  CHECK(parse(on).sliding_window == 0);  // max_window_layers 70 of 48: no layer has it
  CHECK(parse(edited(on, "\"max_window_layers\": 70", "\"max_window_layers\": 0")).sliding_window ==
        131072);
  const Error mixed =
      error_of(edited(on, "\"max_window_layers\": 70", "\"max_window_layers\": 28"));
  CHECK(mixed.code() == Code::unsupported);
  CHECK(mentions(mixed, "use_sliding_window"));
}

TEST_CASE("biases, heads and ties follow the files") {
  CHECK(parse(kQwen14B).qkv_bias);
  CHECK(parse(kPhi4Mini).tied_embeddings);
  CHECK(parse(kPhi4Mini).head_dim == 128);
  CHECK(parse(kPhi3Mini4k).head_dim == 96);
  CHECK(parse(edited(kPhi3Mini4k, "\"num_key_value_heads\": 32,", "")).kv_heads == 32);
  CHECK(parse(edited(kLlama70B, "\"num_key_value_heads\": 8",
                     "\"num_key_value_heads\": 8, \"head_dim\": 96"))
            .head_dim == 96);
  for (const char* bias : {"\"attention_bias\": false", "\"mlp_bias\": false"}) {
    const std::string on = std::string(bias).substr(0, std::string(bias).find(':')) + ": true";
    CHECK(error_of(edited(kLlama70B, bias, on)).code() == Code::unsupported);
  }
}

TEST_CASE(
    "end tokens: the generation config's list first, then the config's, inside the vocabulary") {
  CHECK(parse(kPhi4, R"({"eos_token_id": [100257, 100265]})").end_tokens ==
        std::vector<Token>{100257, 100265});
  CHECK(parse(kPhi4Mini, R"({"eos_token_id": [200020, 199999]})").end_tokens ==
        std::vector<Token>{200020, 199999});
  CHECK(parse(kLlama70B).end_tokens == std::vector<Token>{128001, 128008, 128009});
  CHECK(parse(kPhi4, R"({"eos_token_id": [-1, 100257, 4000000000]})").end_tokens ==
        std::vector<Token>{100257, 100265});
  CHECK(parse(kPhi4, R"({})").end_tokens == std::vector<Token>{100265});
  CHECK(parse(kLlama70B).pad == -1);
}

TEST_CASE("what is not supported is said with the member's name") {
  struct Case {
    const char *config, *old_text, *new_text, *member;
    Code code;
  };
  const Case cases[] = {
      {kPhi4, "\"silu\"", "\"gelu\"", "hidden_act", Code::unsupported},
      {kPhi4, "\"phi3\"", "\"mixtral\"", "mixtral", Code::unsupported},
      {kPhi4, "Phi3ForCausalLM", "Phi3ForSequenceClassification", "Phi3ForSequenceClassification",
       Code::unsupported},
      {kPhi4, "\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}",
       "rope_scaling.type", Code::unsupported},
      {kPhi4, "\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}",
       "rope_scaling.type", Code::unsupported},
      {kPhi4, "\"vocab_size\"", "\"quantization_config\": {\"bits\": 4}, \"vocab_size\"",
       "quantization_config", Code::unsupported},
      {kPhi4, "\"hidden_size\": 5120, ", "", "'hidden_size' is missing", Code::bad_format},
      {kPhi4, "\"hidden_size\": 5120", "\"hidden_size\": \"5120\"", "'hidden_size'",
       Code::bad_format},
      {kPhi4, "\"hidden_size\": 5120", "\"hidden_size\": 5121", "5121", Code::bad_format},
      {kPhi4, "\"num_hidden_layers\": 40", "\"num_hidden_layers\": -1", "num_hidden_layers",
       Code::bad_format},
      {kPhi4, "\"num_hidden_layers\": 40", "\"num_hidden_layers\": 2147483648", "layers",
       Code::bad_format},
      {kPhi4, "\"num_attention_heads\": 40", "\"num_attention_heads\": 0", "heads",
       Code::bad_format},
      {kPhi4, "\"num_key_value_heads\": 10", "\"num_key_value_heads\": 0", "kv heads",
       Code::bad_format},
      {kPhi4, "\"num_key_value_heads\": 10", "\"num_key_value_heads\": 12", "kv heads",
       Code::bad_format},
      {kPhi4, "\"vocab_size\": 100352", "\"vocab_size\": 1e300", "vocab_size", Code::bad_format},
      {kPhi4, "\"vocab_size\": 100352", "\"vocab_size\": 1099511627776", "vocab_size",
       Code::bad_format},
      {kPhi4, "\"intermediate_size\": 17920", "\"intermediate_size\": -48", "intermediate_size",
       Code::bad_format},
      {kPhi4, "\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": \"1e-05\"", "rms_norm_eps",
       Code::bad_format},
      {kPhi4, "\"rope_theta\": 250000", "\"rope_theta\": 0", "theta", Code::bad_format},
      {kPhi4, "\"rope_theta\": 250000", "\"rope_theta\": 250000, \"head_dim\": 15", "15",
       Code::bad_format},
      {kPhi4, "\"rope_theta\": 250000", "\"rope_theta\": 250000, \"head_dim\": 2048", "rotary",
       Code::bad_format},
      {kPhi4, "\"rope_theta\": 250000", "\"rope_theta\": 250000, \"partial_rotary_factor\": 1.5",
       "partial_rotary_factor", Code::bad_format},
      {kLlama70B, "\"factor\": 8.0,", "", "factor", Code::bad_format},
      {kLlama70B, "\"low_freq_factor\": 1.0,", "", "rope_scaling.low_freq_factor",
       Code::bad_format},
      {kLlama70B, "\"llama3\"", "\"quantum\"", "quantum", Code::unsupported},
      {kPhi4Mini, "\"long_factor\": [1, ", "\"long_factor\": [1, 1, ", "49 numbers, expected 48",
       Code::bad_format},
      {kPhi4Mini, "\"long_factor\": [1, ", "\"long_factor\": [\"a\", ", "rope_scaling.long_factor",
       Code::bad_format},
      {kPhi4Mini, "\"long_factor\": [1, ", "\"long_factor\": [0, ", "not finite", Code::bad_format},
      {kPhi4Mini, "\"original_max_position_embeddings\": 4096",
       "\"original_max_position_embeddings\": 0", "original", Code::bad_format},
  };
  for (const Case& wrong : cases) {
    CAPTURE(std::string(wrong.new_text));
    const Error error = error_of(edited(wrong.config, wrong.old_text, wrong.new_text));
    CHECK(error.code() == wrong.code);
    CAPTURE(std::string(error.what()));
    CHECK(mentions(error, wrong.member));
  }
}

TEST_CASE("a config that is no object is refused") {
  for (const char* text : {"[]", "null", "3"}) {
    CHECK(error_of(text).code() == Code::bad_format);
  }
}

TEST_CASE("golden folders: both forms of config.json mean the same") {
  const std::vector<std::string> folders = golden_folders();
  CHECK(folders.size() >= 10);
  for (const std::string& folder : folders) {
    CAPTURE(folder);
    const std::string generation = io::read_text_file(folder + "/generation_config.json", 1 << 20);
    const ModelConfig one =
        parse(io::read_text_file(folder + "/config.json", 1 << 20), generation.c_str());
    const ModelConfig other =
        parse(io::read_text_file(folder + "/alt/config.json", 1 << 20), generation.c_str());
    CHECK(one == other);
  }
}

TEST_CASE("a config survives the packed file's text, bit for bit") {
  for (const RealModel& model : kRealModels) {
    CAPTURE(std::string(model.name));
    ModelConfig config = parse(model.config);
    config.name = "na\"me \xC3\xA9";
    CHECK(weights::config_from_text(weights::config_to_text(config), "packed") == config);
  }
  const std::string text = weights::config_to_text(parse(kPhi4));
  CHECK_THROWS_AS(
      (void)weights::config_from_text(edited(text, "\"layers\":40", "\"layers\":0"), "packed"),
      Error);
  CHECK_THROWS_AS(
      (void)weights::config_from_text(edited(text, "\"rope\":", "\"ropes\":"), "packed"), Error);
  CHECK_THROWS_AS((void)weights::config_from_text(edited(text, "halves", "thirds"), "packed"),
                  Error);
}
