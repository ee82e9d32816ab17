/// config.json of Hugging Face folders. Defaults are those of transformers'
/// configuration_{phi3,qwen2,llama}.py; the sizes that every file states have none, so that a
/// damaged file is named as such.
#include <cmath>
#include <optional>

#include "base/fail.h"
#include "io/json_members.h"
#include "weights/config_tokens.h"
#include "weights/limits.h"
#include "weights/model_config.h"
#include "weights/rope_config.h"

namespace phi::weights {

namespace {

using io::JsonMembers;

struct Family {
  Architecture architecture;
  const char* model_type;
  const char* class_name;
  uint32_t default_context;
  double default_eps;
};

constexpr Family kFamilies[] = {
    {Architecture::phi3, "phi3", "Phi3ForCausalLM", 4096, 1e-5},
    {Architecture::qwen2, "qwen2", "Qwen2ForCausalLM", 32768, 1e-6},
    {Architecture::llama, "llama", "LlamaForCausalLM", 2048, 1e-6},
};
constexpr double kDefaultTheta = 10000;
constexpr uint32_t kDefaultPhi3OriginalContext = 4096;
constexpr uint32_t kDefaultQwen2WindowLayers = 28;

/// The class named by `architectures`, or an empty string.
std::string class_name(const JsonMembers& config) {
  const io::Json* names = config.find("architectures");
  if (names == nullptr) return {};
  const auto& list = names->as_array(config.path("architectures"));
  return list.empty() ? std::string() : list.front().as_string(config.path("architectures"));
}

/// model_type and architectures must agree where both are given: other heads on the same body are
/// other models.
const Family& find_family(const JsonMembers& config) {
  const std::string type = config.string_or("model_type", "");
  const std::string name = class_name(config);
  if (type.empty() && name.empty())
    fail(Code::bad_format, config.path("model_type"), " is missing");
  for (const Family& family : kFamilies) {
    if ((type.empty() || type == family.model_type) &&
        (name.empty() || name == family.class_name)) {
      return family;
    }
  }
  fail(Code::unsupported, config.source(), ": model type '", printable(type),
       "' with architecture '", printable(name),
       "' is not supported (phi3, qwen2 and llama for causal language modelling are)");
}

/// Variants of the architectures that nothing here computes.
void refuse_variants(const JsonMembers& config) {
  const std::string act = config.string_or("hidden_act", "silu");
  if (act != "silu" && act != "swish") {
    fail(Code::unsupported, config.path("hidden_act"), ": activation '", printable(act),
         "' is not supported");
  }
  for (const char* bias : {"attention_bias", "mlp_bias"}) {
    if (config.flag_or(bias, false))
      fail(Code::unsupported, config.path(bias), " is not supported");
  }
  if (config.has("quantization_config")) {
    fail(Code::unsupported, config.path("quantization_config"),
         ": quantized safetensors are not supported; use the original weights or a GGUF file");
  }
}

void read_sizes(const JsonMembers& config, const Family& family, ModelConfig& out) {
  out.hidden = config.count("hidden_size");
  out.layers = config.count("num_hidden_layers");
  out.intermediate = config.count("intermediate_size");
  out.vocab_size = config.count("vocab_size");
  out.heads = config.count("num_attention_heads");
  out.kv_heads = config.count_or("num_key_value_heads", out.heads);
  out.context = config.count_or("max_position_embeddings", family.default_context);
  out.rms_norm_eps = static_cast<float>(config.number_or("rms_norm_eps", family.default_eps));
  out.tied_embeddings = config.flag_or("tie_word_embeddings", false);
  out.qkv_bias = family.architecture == Architecture::qwen2;
  if (config.has("head_dim")) {
    out.head_dim = config.count("head_dim");
  } else {
    if (out.heads == 0 || out.hidden % out.heads != 0) {
      fail(Code::bad_format, config.source(), ": hidden size ", out.hidden,
           " is not a multiple of ", out.heads, " heads");
    }
    out.head_dim = out.hidden / out.heads;
  }
}

/// Qwen2 can give a window to some layers only: those from max_window_layers on, or those that
/// layer_types names.
bool qwen2_uses_window(const JsonMembers& config, uint32_t layers) {
  if (!config.flag_or("use_sliding_window", false)) return false;
  uint32_t with_window = 0;
  if (const io::Json* types = config.find("layer_types")) {
    const std::string where = config.path("layer_types");
    for (const io::Json& type : types->as_array(where)) {
      if (type.as_string(where) == "sliding_attention") ++with_window;
    }
  } else {
    const uint32_t first = config.count_or("max_window_layers", kDefaultQwen2WindowLayers);
    with_window = first < layers ? layers - first : 0;
  }
  if (with_window != 0 && with_window != layers) {
    fail(Code::unsupported, config.path("use_sliding_window"), ": a window on ", with_window,
         " of ", layers, " layers is not supported");
  }
  return with_window != 0;
}

uint32_t read_window(const JsonMembers& config, const ModelConfig& model) {
  switch (model.architecture) {
    case Architecture::phi3:
      return config.count_or("sliding_window", 0);
    case Architecture::qwen2:
      return qwen2_uses_window(config, model.layers) ? config.count_or("sliding_window", 4096) : 0;
    case Architecture::llama:
      return 0;
  }
  return 0;
}

/// Phi-3 files spell longrope "su" or "yarn" too.
RopeType read_rope_type(const JsonMembers& scaling, Architecture architecture) {
  const std::string key = scaling.has("rope_type") ? "rope_type" : "type";
  const std::string name = scaling.string_or(key, "default");
  const std::string where = scaling.path(key);
  if (architecture != Architecture::phi3) return rope_type_by_name(name, where);
  const RopeType type = name == "yarn" ? RopeType::longrope : rope_type_by_name(name, where);
  if (type != RopeType::plain && type != RopeType::longrope) {
    fail(Code::unsupported, where, ": rope type '", name, "' is not supported for phi3");
  }
  return type;
}

/// The top level wins over rope_parameters, as in transformers; Phi-3 has it there.
uint32_t read_original_context(const JsonMembers& config, const JsonMembers& scaling,
                               const ModelConfig& model) {
  constexpr const char* kKey = "original_max_position_embeddings";
  if (config.has(kKey)) return config.count(kKey);
  if (scaling.has(kKey)) return scaling.count(kKey);
  return model.architecture == Architecture::phi3 ? kDefaultPhi3OriginalContext : model.context;
}

/// The parameters that only scaled types have. Llama 3's have no default in transformers either.
void read_scaling(const JsonMembers& config, const JsonMembers& scaling, const ModelConfig& model,
                  RopeParameters& out) {
  out.context = model.context;
  out.original_context = read_original_context(config, scaling, model);
  out.factor = scaling.optional_number("factor");
  if (out.type == RopeType::llama3) {
    out.low_freq_factor = scaling.number("low_freq_factor");
    out.high_freq_factor = scaling.number("high_freq_factor");
  } else if (out.type == RopeType::yarn) {
    out.attention_factor = scaling.optional_number("attention_factor");
    out.beta_fast = scaling.number_or("beta_fast", 32);
    out.beta_slow = scaling.number_or("beta_slow", 1);
    out.mscale = scaling.optional_number("mscale");
    out.mscale_all_dim = scaling.optional_number("mscale_all_dim");
    out.truncate = scaling.flag_or("truncate", true);
  } else if (out.type == RopeType::longrope) {
    out.attention_factor = scaling.optional_number("attention_factor");
    out.short_factors = scaling.floats("short_factor");
    out.long_factors = scaling.floats("long_factor");
  }
}

/// Transformers 5 keeps one rope per kind of layer for models that have several kinds; none of ours
/// do.
void refuse_rope_per_layer_type(const JsonMembers& scaling) {
  for (const char* kind : {"full_attention", "sliding_attention"}) {
    if (scaling.has(kind)) fail(Code::unsupported, scaling.path(kind), " is not supported");
  }
}

RopeConfig read_rope(const JsonMembers& config, const ModelConfig& model) {
  RopeParameters out;
  const io::Json nothing{io::Json::Object{}};
  std::optional<JsonMembers> found = config.object("rope_scaling");  // legacy
  if (!found) found = config.object("rope_parameters");              // transformers 5
  const JsonMembers scaling = found.value_or(JsonMembers(nothing, config.source()));
  refuse_rope_per_layer_type(scaling);

  const auto inside_or_above = [&](const char* key, double otherwise) {
    return scaling.number_or(key, config.number_or(key, otherwise));
  };
  out.type = read_rope_type(scaling, model.architecture);
  out.theta = inside_or_above("rope_theta", kDefaultTheta);
  const double share = inside_or_above("partial_rotary_factor", 1);
  if (!(share > 0 && share <= 1)) {
    fail(Code::bad_format, config.path("partial_rotary_factor"), ": ", share, " is outside 0..1");
  }
  out.rotary_dim = static_cast<uint32_t>(model.head_dim * share);
  if (out.type != RopeType::plain) read_scaling(config, scaling, model, out);
  return resolve_rope(out, config.source());
}

/// The ids of a member that is one id, a list of ids or null.
void add_tokens(const JsonMembers& config, const char* key, ModelConfig& out) {
  const io::Json* value = config.find(key);
  if (value == nullptr) return;
  const auto add = [&](const io::Json& id) {
    add_token(out.end_tokens, static_cast<uint64_t>(id.as_integer(config.path(key))),
              out.vocab_size);
  };
  if (!value->is_array()) return add(*value);
  for (const io::Json& id : value->as_array(config.path(key))) add(id);
}

Token read_token(const JsonMembers& config, const char* key, uint32_t vocab_size) {
  const io::Json* value = config.find(key);
  if (value == nullptr || value->is_array()) return -1;
  return token_or_none(static_cast<uint64_t>(value->as_integer(config.path(key))), vocab_size);
}

}  // namespace

ModelConfig config_from_json(const io::Json& config, const io::Json* generation,
                             const std::string& source) {
  const JsonMembers members(config, source);
  const Family& family = find_family(members);
  refuse_variants(members);

  ModelConfig out;
  out.architecture = family.architecture;
  out.name = printable(members.string_or("_name_or_path", ""));
  read_sizes(members, family, out);
  out.sliding_window = read_window(members, out);
  out.rope = read_rope(members, out);
  if (generation != nullptr && !generation->is_null()) {
    add_tokens(JsonMembers(*generation, "generation_config.json"), "eos_token_id", out);
  }
  add_tokens(members, "eos_token_id", out);
  out.bos = read_token(members, "bos_token_id", out.vocab_size);
  out.pad = read_token(members, "pad_token_id", out.vocab_size);
  check_config(out, source);
  return out;
}

}  // namespace phi::weights
