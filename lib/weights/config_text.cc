/// The resolved config as JSON, for packed files. Floats are written as doubles, which hold them
/// exactly.
#include <cstdint>

#include "base/fail.h"
#include "io/json_members.h"
#include "weights/model_config.h"

namespace phi::weights {

namespace {

using io::Json;
using io::JsonMembers;
using io::JsonObject;

Json count(uint32_t value) { return Json(static_cast<int64_t>(value)); }
Json number(float value) { return Json(static_cast<double>(value)); }

Json floats(const std::vector<float>& values) {
  Json::Array out;
  for (const float value : values) out.push_back(number(value));
  return Json(std::move(out));
}

Json tokens(const std::vector<Token>& values) {
  Json::Array out;
  for (const Token value : values) out.push_back(Json(static_cast<int64_t>(value)));
  return Json(std::move(out));
}

Json rope_to_json(const RopeConfig& rope) {
  return JsonObject()
      .add("pairs", Json(std::string(rope.pairs == RopePairs::halves ? "halves" : "neighbours")))
      .add("rotary_dim", count(rope.rotary_dim))
      .add("inverse_frequency", floats(rope.inverse_frequency))
      .add("long_inverse_frequency", floats(rope.long_inverse_frequency))
      .add("original_context", count(rope.original_context))
      .add("attention_factor", number(rope.attention_factor))
      .take();
}

RopeConfig rope_from_json(const JsonMembers& members) {
  RopeConfig rope;
  const std::string pairs = members.string_or("pairs", "");
  if (pairs != "halves" && pairs != "neighbours") {
    fail(Code::bad_format, members.path("pairs"), ": '", printable(pairs), "' is unknown");
  }
  rope.pairs = pairs == "halves" ? RopePairs::halves : RopePairs::neighbours;
  rope.rotary_dim = members.count("rotary_dim");
  rope.inverse_frequency = members.floats("inverse_frequency");
  rope.long_inverse_frequency = members.floats("long_inverse_frequency");
  rope.original_context = members.count("original_context");
  rope.attention_factor = static_cast<float>(members.number("attention_factor"));
  return rope;
}

Architecture architecture_by_name(const std::string& name, const std::string& where) {
  for (const auto architecture : {Architecture::phi3, Architecture::qwen2, Architecture::llama}) {
    if (name == architecture_name(architecture)) return architecture;
  }
  fail(Code::unsupported, where, ": '", printable(name), "' is not supported");
}

Token token_from_json(const Json* value, const std::string& where) {
  const int64_t id = value == nullptr ? -1 : value->as_integer(where);
  if (id < -1 || id > INT32_MAX) fail(Code::bad_format, where, ": ", id, " is out of range");
  return static_cast<Token>(id);
}

std::vector<Token> tokens_from_json(const JsonMembers& members, const char* key) {
  std::vector<Token> out;
  const Json* list = members.find(key);
  if (list == nullptr) return out;
  for (const Json& id : list->as_array(members.path(key))) {
    out.push_back(token_from_json(&id, members.path(key)));
  }
  return out;
}

}  // namespace

std::string config_to_text(const ModelConfig& config) {
  const Json json(
      JsonObject()
          .add("architecture", Json(std::string(architecture_name(config.architecture))))
          .add("name", Json(config.name))
          .add("layers", count(config.layers))
          .add("hidden", count(config.hidden))
          .add("intermediate", count(config.intermediate))
          .add("heads", count(config.heads))
          .add("kv_heads", count(config.kv_heads))
          .add("head_dim", count(config.head_dim))
          .add("vocab_size", count(config.vocab_size))
          .add("context", count(config.context))
          .add("sliding_window", count(config.sliding_window))
          .add("rms_norm_eps", number(config.rms_norm_eps))
          .add("tied_embeddings", Json(config.tied_embeddings))
          .add("qkv_bias", Json(config.qkv_bias))
          .add("rope", rope_to_json(config.rope))
          .add("end_tokens", tokens(config.end_tokens))
          .add("bos", Json(static_cast<int64_t>(config.bos)))
          .add("pad", Json(static_cast<int64_t>(config.pad)))
          .take());
  return json.dump();
}

ModelConfig config_from_text(const std::string& text, const std::string& source) {
  const Json json = Json::parse(text, source);
  const JsonMembers members(json, source);
  ModelConfig out;
  out.architecture =
      architecture_by_name(members.string_or("architecture", ""), members.path("architecture"));
  out.name = members.string_or("name", "");
  out.layers = members.count("layers");
  out.hidden = members.count("hidden");
  out.intermediate = members.count("intermediate");
  out.heads = members.count("heads");
  out.kv_heads = members.count("kv_heads");
  out.head_dim = members.count("head_dim");
  out.vocab_size = members.count("vocab_size");
  out.context = members.count("context");
  out.sliding_window = members.count("sliding_window");
  out.rms_norm_eps = static_cast<float>(members.number("rms_norm_eps"));
  out.tied_embeddings = members.flag_or("tied_embeddings", false);
  out.qkv_bias = members.flag_or("qkv_bias", false);
  const std::optional<JsonMembers> rope = members.object("rope");
  if (!rope) fail(Code::bad_format, members.path("rope"), " is missing");
  out.rope = rope_from_json(*rope);
  out.end_tokens = tokens_from_json(members, "end_tokens");
  out.bos = token_from_json(members.find("bos"), members.path("bos"));
  out.pad = token_from_json(members.find("pad"), members.path("pad"));
  check_config(out, source);
  return out;
}

}  // namespace phi::weights
