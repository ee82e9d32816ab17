/// A tokenizer as its file describes it, whatever the file: the input from which a TokenizerCore is
/// built.
#ifndef PHI_TEXT_TOKENIZER_SPEC_H_
#define PHI_TEXT_TOKENIZER_SPEC_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "io/gguf.h"
#include "io/json.h"
#include "phi/types.h"

namespace phi::text {

/// A token that is found in the text before the model's own algorithm runs.
struct AddedToken {
  Token id = -1;
  std::string content;
  bool special = false;  ///< a control token: parsed only when asked for, left out of decoded text
  bool lstrip = false;   ///< swallows white space to its left
  bool rstrip = false;   ///< swallows white space to its right
  bool normalized = false;  ///< searched in the normalised text, not in the raw one
  bool single_word = false;
};

enum class BpeKind : int32_t {
  byte_level,     ///< GPT-2 style: bytes spelled as letters, merges by rank
  sentencepiece,  ///< U+2581 for spaces, merges by rank (tokenizer.json) or by score (GGUF), byte
                  ///< fallback
};

struct TokenizerSpec {
  BpeKind kind = BpeKind::byte_level;
  std::vector<std::string>
      tokens;  ///< spelling of every id as in the file; empty where an id is unused
  std::vector<std::pair<std::string, std::string>> merges;  ///< by rank; empty when scores decide
  std::vector<float> scores;                                ///< sentencepiece from GGUF; else empty
  std::vector<AddedToken> added;
  std::vector<std::string>
      split_patterns;  ///< regular expressions of the pre-tokenizer, applied in order; empty = none
  bool split_removes_rest =
      false;  ///< behavior Removed with invert: what no pattern matches is dropped
  bool nfc = false;
  bool ignore_merges = false;
  bool byte_fallback = false;
  bool fuse_unknown = false;
  bool add_prefix_space =
      false;  ///< byte_level: a space before the text; sentencepiece: U+2581 before every segment
  bool prefix_first_only = false;  ///< add_prefix_space: only where the whole text begins
  bool prefix_if_absent =
      false;  ///< add_prefix_space: not where the segment begins with one already
  bool strip_leading_space = false;  ///< decoding drops one space at the very start
  Token unknown = -1;
  Token bos = -1, pad = -1;
  bool adds_bos = false;
  std::vector<Token> end;     ///< every token that ends a reply, the model's first
  std::string chat_template;  ///< Jinja; empty = none
  std::string
      tool_chat_template;  ///< the template named "tool_use", for chats with tools; empty = none
  std::string bos_text, eos_text;  ///< what bos_token and eos_token are in the template
  std::string family;  ///< "phi4", "phi4-mini", "phi3", "qwen2", "llama3" where known: names the
                       ///< fallback chat format
};

/// Everything in a Hugging Face directory that concerns text: tokenizer.json,
/// tokenizer_config.json, chat_template.jinja, special_tokens_map.json, generation_config.json,
/// config.json; only the first must exist. Error{not_found, bad_format, unsupported}
TokenizerSpec spec_from_folder(const std::string& folder);
/// A lone tokenizer.json; its neighbours are read if they are there.
TokenizerSpec spec_from_json_file(const std::string& path);
/// The tokenizer.* metadata of a GGUF file.
TokenizerSpec spec_from_gguf(const io::Gguf& gguf);

/// Packed files carry the spec as JSON.
std::string spec_to_text(const TokenizerSpec& spec);
TokenizerSpec spec_from_text(const std::string& text, const std::string& source);

}  // namespace phi::text

#endif  // PHI_TEXT_TOKENIZER_SPEC_H_
