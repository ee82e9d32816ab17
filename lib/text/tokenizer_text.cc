#include "base/fail.h"
#include "io/json.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_spec.h"

// The spec as JSON: one member per field, named as the field; lists of strings and numbers as they
// are.
namespace phi::text {
namespace {

using io::Json;
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

/// Typed reading of one object, with errors that name the member.
class Members {
 public:
  Members(const Json& json, const std::string& source) : json_(json), source_(source) {
    json.as_object(source);
  }

  std::string what(std::string_view key) const { return concat(source_, ": '", key, "'"); }
  const Json& at(std::string_view key) const {
    const Json* value = json_.find(key);
    if (!value) fail(Code::bad_format, what(key), " is missing");
    return *value;
  }
  bool boolean(std::string_view key) const { return at(key).as_bool(what(key)); }
  std::string text(std::string_view key) const { return at(key).as_string(what(key)); }
  const Json::Array& list(std::string_view key) const { return at(key).as_array(what(key)); }
  Token token(std::string_view key) const { return token_from(at(key), key); }
  Token token_from(const Json& value, std::string_view key) const {
    const int64_t id = value.as_integer(what(key));
    return id == -1 ? -1 : checked_token_id(id, what(key));
  }
  std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> values;
    values.reserve(list(key).size());
    for (const Json& value : list(key)) values.push_back(value.as_string(what(key)));
    return values;
  }

 private:
  const Json& json_;
  const std::string& source_;
};

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
  const Members members(json, source);
  const int64_t version = members.at("version").as_integer(members.what("version"));
  if (version != kVersion)
    fail(Code::unsupported, source, ": tokenizer of version ", version, " is not supported");
  TokenizerSpec spec;
  const std::string kind = members.text("kind");
  if (kind != "byte_level" && kind != "sentencepiece")
    fail(Code::unsupported, source, ": kind '", printable(kind), "'");
  spec.kind = kind == "byte_level" ? BpeKind::byte_level : BpeKind::sentencepiece;
  spec.tokens = members.texts("tokens");
  std::vector<std::string> halves = members.texts("merges");
  if (halves.size() % 2 != 0)
    fail(Code::bad_format, members.what("merges"), " has an odd number of parts");
  spec.merges.reserve(halves.size() / 2);
  for (size_t i = 0; i < halves.size(); i += 2)
    spec.merges.emplace_back(std::move(halves[i]), std::move(halves[i + 1]));
  for (const Json& score : members.list("scores")) {
    spec.scores.push_back(static_cast<float>(score.as_number(members.what("scores"))));
  }
  for (const Json& entry : members.list("added")) {
    AddedToken token = parse_added_token(entry, members.what("added"));
    token.id = Members(entry, source).token("id");
    spec.added.push_back(std::move(token));
  }
  spec.split_patterns = members.texts("split_patterns");
  spec.split_removes_rest = members.boolean("split_removes_rest");
  spec.nfc = members.boolean("nfc");
  spec.ignore_merges = members.boolean("ignore_merges");
  spec.byte_fallback = members.boolean("byte_fallback");
  spec.fuse_unknown = members.boolean("fuse_unknown");
  spec.add_prefix_space = members.boolean("add_prefix_space");
  spec.prefix_first_only = members.boolean("prefix_first_only");
  spec.prefix_if_absent = members.boolean("prefix_if_absent");
  spec.strip_leading_space = members.boolean("strip_leading_space");
  spec.unknown = members.token("unknown");
  spec.bos = members.token("bos");
  spec.pad = members.token("pad");
  spec.adds_bos = members.boolean("adds_bos");
  for (const Json& id : members.list("end")) spec.end.push_back(members.token_from(id, "end"));
  spec.chat_template = members.text("chat_template");
  spec.tool_chat_template = members.text("tool_chat_template");
  spec.bos_text = members.text("bos_text");
  spec.eos_text = members.text("eos_text");
  spec.family = members.text("family");
  return spec;
}

}  // namespace phi::text
