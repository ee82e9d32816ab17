#include <algorithm>
#include <optional>

#include "base/fail.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "text/model_family.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_spec.h"

namespace phi::text {
namespace {

using io::Json;

constexpr uint64_t kMaxJsonBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxTemplateBytes = uint64_t{1} << 20;

std::optional<std::string> read_if_there(const std::string& path, uint64_t max_bytes) {
  try {
    return io::read_text_file(path, max_bytes);
  } catch (const Error& error) {
    if (error.code() == Code::not_found) return std::nullopt;
    throw;
  }
}

/// null if there is no such file.
Json json_if_there(const std::string& folder, const std::string& name) {
  const auto text = read_if_there(folder + name, kMaxJsonBytes);
  return text ? Json::parse(*text, name) : Json();
}

/// The spelling of "bos_token" and its like: a string, or an object that holds one.
std::string token_text(const Json& config, std::string_view key, const std::string& what) {
  const Json* value = config.find(key);
  if (!value) return {};
  const Json* content = value->is_object() ? value->find("content") : value;
  return content ? content->as_string(concat(what, ": '", key, "'")) : std::string();
}

/// The files beside tokenizer.json.
class Neighbours {
 public:
  Neighbours(const std::string& folder, TokenizerSpec& spec) : folder_(folder), spec_(spec) {}

  void read() {
    const Json config = json_if_there(folder_, kConfig);
    const Json specials = json_if_there(folder_, kSpecials);
    read_added_tokens(config);
    spec_.bos_text = special_text(config, specials, "bos_token");
    spec_.eos_text = special_text(config, specials, "eos_token");
    if (const Token bos = id_of(spec_.bos_text); bos >= 0) spec_.bos = bos;
    if (const Token pad = id_of(special_text(config, specials, "pad_token")); pad >= 0)
      spec_.pad = pad;
    if (const Json* adds = config.find("add_bos_token")) {
      spec_.adds_bos = adds->as_bool("tokenizer_config.json: 'add_bos_token'") && spec_.bos >= 0;
    }
    if (const Json* chat = config.find("chat_template")) read_templates(*chat);
    if (auto jinja = read_if_there(folder_ + "chat_template.jinja", kMaxTemplateBytes))
      spec_.chat_template = *jinja;
    read_end_tokens();
    if (spec_.bos >= 0 && spec_.bos_text.empty() && spec_.adds_bos)
      spec_.bos_text = spelling_of(spec_.bos);
    spec_.family = family_of(spec_);
  }

 private:
  static constexpr auto kConfig = "tokenizer_config.json";
  static constexpr auto kSpecials = "special_tokens_map.json";

  std::string special_text(const Json& config, const Json& specials, std::string_view key) const {
    const std::string text = token_text(config, key, kConfig);
    return text.empty() ? token_text(specials, key, kSpecials) : text;
  }

  Token id_of(const std::string& content) const {
    if (content.empty()) return -1;
    for (const AddedToken& token : spec_.added) {
      if (token.content == content) return token.id;
    }
    const auto found = std::find(spec_.tokens.begin(), spec_.tokens.end(), content);
    return found == spec_.tokens.end() ? -1 : static_cast<Token>(found - spec_.tokens.begin());
  }

  std::string spelling_of(Token id) const {
    const auto index = static_cast<size_t>(id);
    return index < spec_.tokens.size() ? spec_.tokens[index] : std::string();
  }

  /// Tokens that only tokenizer_config.json knows.
  void read_added_tokens(const Json& config) {
    const Json* added = config.find("added_tokens_decoder");
    if (!added) return;
    for (const auto& [key, entry] :
         added->as_object("tokenizer_config.json: 'added_tokens_decoder'")) {
      const std::string what = concat(kConfig, ": added token ", printable(key));
      AddedToken token = parse_added_token(entry, what);
      if (id_of(token.content) >= 0) continue;
      token.id = checked_token_id(Json::parse(key, what).as_integer(what), what);
      const auto index = static_cast<size_t>(token.id);
      if (index >= spec_.tokens.size()) spec_.tokens.resize(index + 1);
      if (!spec_.tokens[index].empty())
        fail(Code::bad_format, what, " has the id of '", printable(spec_.tokens[index]), "'");
      spec_.tokens[index] = token.content;
      spec_.added.push_back(std::move(token));
    }
  }

  /// One template, or a list of named ones.
  void read_templates(const Json& chat) {
    const std::string what = "tokenizer_config.json: 'chat_template'";
    if (chat.is_string()) {
      spec_.chat_template = chat.as_string(what);
      return;
    }
    for (const Json& entry : chat.as_array(what)) {
      const Json *name = entry.find("name"), *text = entry.find("template");
      if (!name || !text) fail(Code::bad_format, what, " has an entry without name or template");
      if (name->as_string(what) == "default") spec_.chat_template = text->as_string(what);
      if (name->as_string(what) == "tool_use") spec_.tool_chat_template = text->as_string(what);
    }
  }

  /// generation_config.json counts first, then config.json, then the tokenizer's own.
  void read_end_tokens() {
    for (const std::string name : {"generation_config.json", "config.json"}) {
      const Json config = json_if_there(folder_, name);
      if (const Json* ids = config.find("eos_token_id")) {
        const std::string what = concat(name, ": 'eos_token_id'");
        const Json::Array single{*ids};
        for (const Json& id : ids->is_array() ? ids->as_array(what) : single) {
          const Token token = checked_token_id(id.as_integer(what), what);
          // A model may have more rows than its tokenizer has tokens.
          if (static_cast<size_t>(token) < spec_.tokens.size()) add_end_token(spec_, token);
        }
      }
      const bool from_generation = name == "generation_config.json" && !spec_.end.empty();
      if (from_generation) names_all_ends_ = true;
    }
    if (const Token eos = id_of(spec_.eos_text); eos >= 0) add_end_token(spec_, eos);
    if (!names_all_ends_) add_usual_end_tokens(spec_);
  }

  const std::string folder_;
  TokenizerSpec& spec_;
  bool names_all_ends_ = false;  // generation_config.json lists what ends a reply
};

}  // namespace

TokenizerSpec spec_from_json_file(const std::string& path) {
  const std::string text = io::read_text_file(path, kMaxJsonBytes);
  const std::string folder = path.substr(0, path.find_last_of('/') + 1);
  const std::string name = path.substr(folder.size());
  TokenizerSpec spec = parse_tokenizer_json(Json::parse(text, name), name);
  Neighbours(folder, spec).read();
  return spec;
}

TokenizerSpec spec_from_folder(const std::string& folder) {
  return spec_from_json_file(folder + "/tokenizer.json");
}

}  // namespace phi::text
