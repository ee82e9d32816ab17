/// The metadata of GGUF files, as llama.cpp writes it:
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#include <string>

#include "base/fail.h"
#include "weights/config_tokens.h"
#include "weights/limits.h"
#include "weights/model_config.h"
#include "weights/rope_config.h"
#include "weights/tensor_values.h"

namespace phi::weights {

namespace {

constexpr double kDefaultTheta = 10000;

Architecture read_architecture(const io::Gguf& gguf) {
  const std::string_view name = gguf.string_at("general.architecture");
  for (const auto architecture : {Architecture::phi3, Architecture::qwen2, Architecture::llama}) {
    if (name == architecture_name(architecture)) return architecture;
  }
  fail(Code::unsupported, gguf.source(), ": architecture '", printable(name),
       "' is not supported (phi3, qwen2 and llama are)");
}

/// The keys of one architecture: key("block_count") is "phi3.block_count".
class GgufKeys {
 public:
  GgufKeys(const io::Gguf& gguf, Architecture architecture)
      : gguf_(gguf), prefix_(concat(architecture_name(architecture), ".")) {}

  std::string key(std::string_view name) const { return prefix_ + std::string(name); }
  bool has(std::string_view name) const { return gguf_.has(key(name)); }
  uint32_t count(std::string_view name) const { return narrow(gguf_.unsigned_at(key(name)), name); }
  uint32_t count_or(std::string_view name, uint32_t otherwise) const {
    return narrow(gguf_.unsigned_or(key(name), otherwise), name);
  }
  double number(std::string_view name) const { return gguf_.number_at(key(name)); }
  double number_or(std::string_view name, double otherwise) const {
    return gguf_.number_or(key(name), otherwise);
  }
  std::optional<double> optional_number(std::string_view name) const {
    if (!has(name)) return std::nullopt;
    return number(name);
  }
  std::string_view string_or(std::string_view name, std::string_view otherwise) const {
    return gguf_.string_or(key(name), otherwise);
  }

 private:
  uint32_t narrow(uint64_t value, std::string_view name) const {
    if (value > UINT32_MAX) {
      fail(Code::bad_format, gguf_.source(), ": '", key(name), "' ", value, " is out of range");
    }
    return static_cast<uint32_t>(value);
  }

  const io::Gguf& gguf_;
  std::string prefix_;
};

/// The rows of the embedding count; {arch}.vocab_size is not written for every architecture.
uint32_t read_vocab_size(const io::Gguf& gguf) {
  const io::TensorEntry* embedding = find_tensor(gguf.tensors(), "token_embd.weight");
  if (embedding == nullptr) {
    fail(Code::bad_format, gguf.source(), ": tensor 'token_embd.weight' is missing");
  }
  if (embedding->shape.size() != 2 || embedding->shape[0] > kMaxVocab) {
    fail(Code::bad_format, "tensor 'token_embd.weight': shape ", shape_string(embedding->shape),
         ", expected [vocabulary, hidden]");
  }
  const uint64_t rows = embedding->shape[0];
  if (gguf.has("tokenizer.ggml.tokens")) {
    const size_t tokens = gguf.strings_at("tokenizer.ggml.tokens").size();
    if (tokens > rows) {
      fail(Code::bad_format, gguf.source(), ": ", tokens,
           " tokens, but tensor 'token_embd.weight' has ", rows, " rows");
    }
  }
  return static_cast<uint32_t>(rows);
}

/// llama.cpp's converters carry optional biases over; only those of q, k and v are computed here.
bool read_qkv_bias(const io::Gguf& gguf, Architecture architecture) {
  for (const char* name : {"blk.0.attn_output.bias", "blk.0.ffn_up.bias", "blk.0.ffn_down.bias",
                           "blk.0.attn_qkv.bias"}) {
    if (find_tensor(gguf.tensors(), name) != nullptr) {
      fail(Code::unsupported, "tensor '", name, "': biases there are not supported");
    }
  }
  return architecture == Architecture::qwen2 ||
         find_tensor(gguf.tensors(), "blk.0.attn_q.bias") != nullptr;
}

void read_sizes(const GgufKeys& keys, const std::string& source, ModelConfig& out) {
  out.layers = keys.count("block_count");
  out.hidden = keys.count("embedding_length");
  out.intermediate = keys.count("feed_forward_length");
  out.heads = keys.count("attention.head_count");
  out.kv_heads = keys.count_or("attention.head_count_kv", out.heads);
  out.context = keys.count("context_length");
  out.rms_norm_eps = static_cast<float>(keys.number("attention.layer_norm_rms_epsilon"));
  if (keys.has("attention.key_length")) {
    out.head_dim = keys.count("attention.key_length");
  } else if (out.heads != 0 && out.hidden % out.heads == 0) {
    out.head_dim = out.hidden / out.heads;
  } else {
    fail(Code::bad_format, source, ": embedding length ", out.hidden, " is not a multiple of ",
         out.heads, " heads");
  }
  if (keys.count_or("attention.value_length", out.head_dim) != out.head_dim) {
    fail(Code::unsupported, source, ": key length ", out.head_dim,
         " with another value length is not supported");
  }
}

/// The oldest Phi-3 files lack the key; what they mean is known from the models (llama.cpp pull
/// request 8931).
uint32_t window_of_old_phi3(const ModelConfig& config) {
  constexpr uint32_t kMiniLayers = 32, kMediumLayers = 40;
  const bool mini = config.layers == kMiniLayers, medium = config.layers == kMediumLayers;
  if ((mini || medium) && config.context == 4096) return 2047;
  if (config.context != 131072) return 0;
  if (mini && config.heads == 32 && config.kv_heads == 32) return 262144;
  return medium ? 131072 : 0;
}

uint32_t read_window(const GgufKeys& keys, const ModelConfig& config) {
  constexpr const char* kKey = "attention.sliding_window";
  if (config.architecture != Architecture::phi3) return 0;
  return keys.has(kKey) ? keys.count(kKey) : window_of_old_phi3(config);
}

std::vector<float> factors(const io::Gguf& gguf, std::string_view name, uint32_t rotary_dim) {
  const io::TensorEntry* tensor = find_tensor(gguf.tensors(), name);
  return tensor == nullptr ? std::vector<float>() : vector_values(*tensor, rotary_dim / 2);
}

/// Factor tensors decide for longrope. Without a type a factor means linear, as in llama.cpp.
RopeType read_rope_type(const GgufKeys& keys, const RopeParameters& rope) {
  if (!rope.long_factors.empty() || !rope.short_factors.empty()) return RopeType::longrope;
  const std::string key = "rope.scaling.type";
  const RopeType type = rope_type_by_name(keys.string_or(key, "linear"), keys.key(key));
  return type == RopeType::linear && !rope.factor ? RopeType::plain : type;
}

RopeConfig read_rope(const io::Gguf& gguf, const GgufKeys& keys, const ModelConfig& config) {
  RopeParameters rope;
  // llama converters permute the rows of q and k so that the elements that rotate together are
  // neighbours.
  if (config.architecture == Architecture::llama) rope.pairs = RopePairs::neighbours;
  rope.theta = keys.number_or("rope.freq_base", kDefaultTheta);
  rope.rotary_dim = keys.count_or("rope.dimension_count", config.head_dim);
  rope.context = config.context;
  rope.original_context = keys.count_or("rope.scaling.original_context_length", config.context);
  rope.factor = keys.optional_number("rope.scaling.factor");
  rope.short_factors = factors(gguf, "rope_factors_short.weight", rope.rotary_dim);
  rope.long_factors = factors(gguf, "rope_factors_long.weight", rope.rotary_dim);
  rope.divisors = factors(gguf, "rope_freqs.weight", rope.rotary_dim);
  rope.type = read_rope_type(keys, rope);
  if (rope.type == RopeType::longrope) {
    rope.attention_factor = keys.optional_number("rope.scaling.attn_factor");
    rope.factor.reset();  // the lengths say it
  }
  RopeConfig out = resolve_rope(rope, gguf.source());
  if (rope.type == RopeType::yarn) {
    out.attention_factor *= static_cast<float>(keys.number_or("rope.scaling.attn_factor", 1));
  }
  return out;
}

Token read_token(const io::Gguf& gguf, const char* key, uint32_t vocab_size) {
  return gguf.has(key) ? token_or_none(gguf.unsigned_at(key), vocab_size) : -1;
}

void read_tokens(const io::Gguf& gguf, ModelConfig& out) {
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                          "tokenizer.ggml.eom_token_id"}) {
    if (gguf.has(key)) add_token(out.end_tokens, gguf.unsigned_at(key), out.vocab_size);
  }
  out.bos = read_token(gguf, "tokenizer.ggml.bos_token_id", out.vocab_size);
  out.pad = read_token(gguf, "tokenizer.ggml.padding_token_id", out.vocab_size);
}

}  // namespace

ModelConfig config_from_gguf(const io::Gguf& gguf) {
  ModelConfig out;
  out.architecture = read_architecture(gguf);
  out.name = printable(gguf.string_or("general.name", ""));
  const GgufKeys keys(gguf, out.architecture);
  read_sizes(keys, gguf.source(), out);
  out.vocab_size = read_vocab_size(gguf);
  out.qkv_bias = read_qkv_bias(gguf, out.architecture);
  out.tied_embeddings = find_tensor(gguf.tensors(), "output.weight") == nullptr;
  out.sliding_window = read_window(keys, out);
  out.rope = read_rope(gguf, keys, out);
  read_tokens(gguf, out);
  check_config(out, gguf.source());
  return out;
}

}  // namespace phi::weights
