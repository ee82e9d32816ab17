#include <algorithm>
#include <array>
#include <optional>

#include "base/fail.h"
#include "text/bpe_model.h"
#include "text/model_family.h"
#include "text/split_patterns.h"
#include "text/tokenizer_spec.h"

namespace phi::text {
namespace {

using io::Gguf;

/// tokenizer.ggml.token_type
enum class TokenType : int64_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

/// What tokenizer.ggml.pre stands for.
struct Preset {
  std::string_view name;
  std::string_view pattern;
  bool nfc, ignore_merges, adds_bos;
};
constexpr std::array kPresets = {
    Preset{"dbrx", kCl100kPattern, false, false, false},
    Preset{"smaug-bpe", kCl100kPattern, false, false, false},
    Preset{"llama-bpe", kCl100kPattern, false, true, true},
    Preset{"llama3", kCl100kPattern, false, true, true},
    Preset{"llama-v3", kCl100kPattern, false, true, true},
    Preset{"qwen2", kQwen2Pattern, true, false, false},
    Preset{"deepseek-r1-qwen", kQwen2Pattern, true, false, false},
    Preset{"gpt-4o", kO200kPattern, false, false, false},
    Preset{"gpt-2", kGpt2Pattern, false, false, false},
    Preset{"phi-2", kGpt2Pattern, false, false, false},
};

/// Converters name the rows without a token [PAD0], [PAD1], ...
bool is_padding_name(std::string_view token) {
  if (!token.starts_with("[PAD") || !token.ends_with("]") || token.size() < 6) return false;
  const std::string_view digits = token.substr(4, token.size() - 5);
  return std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Reader {
 public:
  explicit Reader(const Gguf& gguf) : gguf_(gguf) {}

  TokenizerSpec read() {
    const std::string_view model = gguf_.string_at("tokenizer.ggml.model");
    if (model != "gpt2" && model != "llama") {
      fail(Code::unsupported, gguf_.source(), ": tokenizer.ggml.model '", printable(model),
           "' is not supported");
    }
    read_tokens();
    if (model == "gpt2") {
      read_byte_level();
    } else {
      read_sentencepiece();
    }
    read_special_ids();
    spec_.chat_template = gguf_.string_or("tokenizer.chat_template", "");
    spec_.tool_chat_template = gguf_.string_or("tokenizer.chat_template.tool_use", "");
    spec_.family = family_of(spec_);
    return std::move(spec_);
  }

 private:
  void read_tokens() {
    const auto& tokens = gguf_.strings_at("tokenizer.ggml.tokens");
    if (tokens.size() > kMaxVocabulary)
      fail(Code::bad_format, gguf_.source(), ": ", tokens.size(), " tokens");
    std::vector<int64_t> types(tokens.size(), static_cast<int64_t>(TokenType::normal));
    if (gguf_.has("tokenizer.ggml.token_type")) {
      types = gguf_.integers_at("tokenizer.ggml.token_type");
      if (types.size() != tokens.size()) {
        fail(Code::bad_format, gguf_.source(), ": ", types.size(), " token types for ",
             tokens.size(), " tokens");
      }
    }
    spec_.tokens.reserve(tokens.size());
    for (size_t id = 0; id < tokens.size(); ++id) {
      const auto type = static_cast<TokenType>(types[id]);
      const bool padding = type != TokenType::normal && is_padding_name(tokens[id]);
      spec_.tokens.emplace_back(padding ? std::string_view() : tokens[id]);
      if (padding) continue;
      const bool control = type == TokenType::control || type == TokenType::unknown;
      if (control || type == TokenType::user_defined) add_token(static_cast<Token>(id), control);
    }
  }

  void add_token(Token id, bool control) {
    AddedToken token;
    token.id = id;
    token.content = spec_.tokens[static_cast<size_t>(id)];
    token.special = control;
    spec_.added.push_back(std::move(token));
  }

  void read_byte_level() {
    const std::string_view name = gguf_.string_or("tokenizer.ggml.pre", "default");
    const auto preset = std::find_if(kPresets.begin(), kPresets.end(),
                                     [&](const Preset& p) { return p.name == name; });
    if (preset == kPresets.end()) {
      fail(Code::unsupported, gguf_.source(), ": tokenizer.ggml.pre '", printable(name),
           "' is not supported");
    }
    spec_.kind = BpeKind::byte_level;
    spec_.split_patterns = {std::string(preset->pattern)};
    spec_.nfc = preset->nfc;
    spec_.ignore_merges = preset->ignore_merges;
    spec_.adds_bos = preset->adds_bos;
    read_merges();
  }

  void read_sentencepiece() {
    spec_.kind = BpeKind::sentencepiece;
    spec_.byte_fallback = true;
    spec_.adds_bos = true;
    spec_.add_prefix_space = gguf_.bool_or("tokenizer.ggml.add_space_prefix", true);
    spec_.strip_leading_space = spec_.add_prefix_space;
    if (gguf_.has("tokenizer.ggml.scores")) {
      for (const double score : gguf_.numbers_at("tokenizer.ggml.scores"))
        spec_.scores.push_back(static_cast<float>(score));
      if (spec_.scores.size() != spec_.tokens.size()) {
        fail(Code::bad_format, gguf_.source(), ": ", spec_.scores.size(), " scores for ",
             spec_.tokens.size(), " tokens");
      }
    } else {
      read_merges();
    }
  }

  void read_merges() {
    for (const std::string_view merge : gguf_.strings_at("tokenizer.ggml.merges")) {
      // A token may begin with a space, but not end with one.
      const size_t space = merge.find(' ', 1);
      if (space == std::string_view::npos) {
        fail(Code::bad_format, gguf_.source(), ": merge ", spec_.merges.size(), " '",
             printable(merge), "' has no space");
      }
      spec_.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
    }
  }

  /// Nothing if the key is missing or says "none".
  std::optional<Token> special_id(std::string_view name) const {
    const std::string key = concat("tokenizer.ggml.", name, "_token_id");
    if (!gguf_.has(key)) return std::nullopt;
    const uint64_t id = gguf_.unsigned_at(key);
    if (id == UINT32_MAX) return std::nullopt;
    if (id >= spec_.tokens.size()) {
      fail(Code::bad_format, gguf_.source(), ": '", key, "' is ", id, ", but there are ",
           spec_.tokens.size(), " tokens");
    }
    return static_cast<Token>(id);
  }

  std::string spelling_of(Token id) const {
    return id < 0 ? std::string() : spec_.tokens[static_cast<size_t>(id)];
  }

  void read_special_ids() {
    spec_.bos = special_id("bos").value_or(-1);
    spec_.pad = special_id("padding").value_or(-1);
    spec_.unknown = special_id("unknown").value_or(-1);
    const Token eos = special_id("eos").value_or(-1);
    if (eos >= 0) add_end_token(spec_, eos);
    for (const std::string_view name : {"eot", "eom"}) {
      if (const auto id = special_id(name)) add_end_token(spec_, *id);
    }
    add_usual_end_tokens(spec_);
    spec_.bos_text = spelling_of(spec_.bos);
    spec_.eos_text = spelling_of(eos);
    spec_.adds_bos =
        gguf_.bool_or("tokenizer.ggml.add_bos_token", spec_.adds_bos) && spec_.bos >= 0;
  }

  const Gguf& gguf_;
  TokenizerSpec spec_;
};

}  // namespace

TokenizerSpec spec_from_gguf(const Gguf& gguf) { return Reader(gguf).read(); }

}  // namespace phi::text
