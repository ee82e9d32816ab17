#include "base/fail.h"
#include "io/json_members.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_spec.h"

// The spec as JSON: one member per field, named as the field; lists of strings and numbers as they
// are.
namespace phi::text {
namespace {

using io::Json;
using io::JsonMembers;
using io::JsonObject;

constexpr int64_t kVersion = 1;

Json strings(const std::vector<std::string>& values) {
  Json::Array array;
  array.reserve(values.size());
  for (const std::string& value : values) array.emplace_back(value);
  return Json(std::move(array));
}

Json merge_list(const std::vector<std::pair<std::string, std::string>>& merges) {
  Json::Array array;
  array.reserve(2 * merges.size());
  for (const auto& [left, right] : merges) {
    array.emplace_back(left);
    array.emplace_back(right);
  }
  return Json(std::move(array));
}

Json numbers(const std::vector<float>& values) {
  Json::Array array;
  for (const float value : values) array.emplace_back(static_cast<double>(value));
  return Json(std::move(array));
}

Json ids(const std::vector<Token>& values) {
  Json::Array array;
  for (const Token value : values) array.emplace_back(int64_t{value});
  return Json(std::move(array));
}

Json added_tokens(const std::vector<AddedToken>& tokens) {
  Json::Array array;
  for (const AddedToken& token : tokens) {
    array.emplace_back(JsonObject()
                           .add("id", Json(int64_t{token.id}))
                           .add("content", Json(token.content))
                           .add("special", Json(token.special))
                           .add("lstrip", Json(token.lstrip))
                           .add("rstrip", Json(token.rstrip))
                           .add("normalized", Json(token.normalized))
                           .add("single_word", Json(token.single_word))
                           .take());
  }
  return Json(std::move(array));
}

/// A token id, or -1 for none.
Token token_from(const Json& value, const std::string& where) {
  const int64_t id = value.as_integer(where);
  return id == -1 ? -1 : checked_token_id(id, where);
}
Token token_of(const JsonMembers& members, std::string_view key) {
  return token_from(members.need(key), members.path(key));
}

}  // namespace

std::string spec_to_text(const TokenizerSpec& spec) {
  const bool byte_level = spec.kind == BpeKind::byte_level;
  return JsonObject()
      .add("version", Json(kVersion))
      .add("kind", Json(std::string(byte_level ? "byte_level" : "sentencepiece")))
      .add("tokens", strings(spec.tokens))
      .add("merges", merge_list(spec.merges))
      .add("scores", numbers(spec.scores))
      .add("added", added_tokens(spec.added))
      .add("split_patterns", strings(spec.split_patterns))
      .add("split_removes_rest", Json(spec.split_removes_rest))
      .add("nfc", Json(spec.nfc))
      .add("ignore_merges", Json(spec.ignore_merges))
      .add("byte_fallback", Json(spec.byte_fallback))
      .add("fuse_unknown", Json(spec.fuse_unknown))
      .add("add_prefix_space", Json(spec.add_prefix_space))
      .add("prefix_first_only", Json(spec.prefix_first_only))
      .add("prefix_if_absent", Json(spec.prefix_if_absent))
      .add("strip_leading_space", Json(spec.strip_leading_space))
      .add("unknown", Json(int64_t{spec.unknown}))
      .add("bos", Json(int64_t{spec.bos}))
      .add("pad", Json(int64_t{spec.pad}))
      .add("adds_bos", Json(spec.adds_bos))
      .add("end", ids(spec.end))
      .add("chat_template", Json(spec.chat_template))
      .add("tool_chat_template", Json(spec.tool_chat_template))
      .add("bos_text", Json(spec.bos_text))
      .add("eos_text", Json(spec.eos_text))
      .add("family", Json(spec.family))
      .take()
      .dump();
}

TokenizerSpec spec_from_text(const std::string& text, const std::string& source) {
  const Json json = Json::parse(text, source);
  const JsonMembers members(json, source);
  const int64_t version = members.need("version").as_integer(members.path("version"));
  if (version != kVersion)
    fail(Code::unsupported, source, ": tokenizer of version ", version, " is not supported");
  TokenizerSpec spec;
  const std::string kind = members.string("kind");
  if (kind != "byte_level" && kind != "sentencepiece")
    fail(Code::unsupported, source, ": kind '", printable(kind), "'");
  spec.kind = kind == "byte_level" ? BpeKind::byte_level : BpeKind::sentencepiece;
  spec.tokens = members.strings("tokens");
  std::vector<std::string> halves = members.strings("merges");
  if (halves.size() % 2 != 0)
    fail(Code::bad_format, members.path("merges"), " has an odd number of parts");
  spec.merges.reserve(halves.size() / 2);
  for (size_t i = 0; i < halves.size(); i += 2)
    spec.merges.emplace_back(std::move(halves[i]), std::move(halves[i + 1]));
  for (const Json& score : members.array("scores")) {
    spec.scores.push_back(static_cast<float>(score.as_number(members.path("scores"))));
  }
  for (const Json& entry : members.array("added")) {
    AddedToken token = parse_added_token(entry, members.path("added"));
    token.id = token_of(JsonMembers(entry, source), "id");
    spec.added.push_back(std::move(token));
  }
  spec.split_patterns = members.strings("split_patterns");
  spec.split_removes_rest = members.flag("split_removes_rest");
  spec.nfc = members.flag("nfc");
  spec.ignore_merges = members.flag("ignore_merges");
  spec.byte_fallback = members.flag("byte_fallback");
  spec.fuse_unknown = members.flag("fuse_unknown");
  spec.add_prefix_space = members.flag("add_prefix_space");
  spec.prefix_first_only = members.flag("prefix_first_only");
  spec.prefix_if_absent = members.flag("prefix_if_absent");
  spec.strip_leading_space = members.flag("strip_leading_space");
  spec.unknown = token_of(members, "unknown");
  spec.bos = token_of(members, "bos");
  spec.pad = token_of(members, "pad");
  spec.adds_bos = members.flag("adds_bos");
  for (const Json& id : members.array("end"))
    spec.end.push_back(token_from(id, members.path("end")));
  spec.chat_template = members.string("chat_template");
  spec.tool_chat_template = members.string("tool_chat_template");
  spec.bos_text = members.string("bos_text");
  spec.eos_text = members.string("eos_text");
  spec.family = members.string("family");
  return spec;
}

}  // namespace phi::text
