/// Encoding and decoding. The road: added tokens cut the text, the rest is normalised, cut by the
/// pre-tokenizer's patterns and merged by BPE.
#ifndef PHI_TEXT_TOKENIZER_CORE_H_
#define PHI_TEXT_TOKENIZER_CORE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phi/types.h"
#include "text/tokenizer_spec.h"

namespace phi::text {

/// Immutable; every member may run on many threads at once.
class TokenizerCore {
 public:
  /// Error{bad_format} when the spec does not hold together: merges of unknown tokens, ids out of
  /// range, a bad pattern.
  explicit TokenizerCore(TokenizerSpec spec);
  ~TokenizerCore();

  const TokenizerSpec& spec() const noexcept;
  uint32_t vocab_size() const noexcept;  ///< highest id + 1

  std::vector<Token> encode(std::string_view text, Specials specials) const;

  /// Encodes a rendered chat in which `guard` (a code point that the text does not otherwise hold)
  /// was put inside every control token that message content spelled: control tokens are parsed,
  /// then the guards vanish.
  std::vector<Token> encode_guarded(std::string_view text, std::string_view guard) const;

  /// `content` with `guard` inserted after the first byte of every control token that it spells.
  std::string guard_content(std::string_view content, std::string_view guard) const;

  /// The bytes that a token adds to a text. Control tokens give nothing unless asked for.
  /// Error{out_of_range} `at_start`: the very first token of a reply, where SentencePiece drops one
  /// leading space.
  enum class Place : int32_t { start, middle };
  std::string_view token_bytes(Token token, ShowSpecials specials, Place place) const;

  /// Whole texts: bytes joined, invalid UTF-8 replaced by U+FFFD per maximal subpart.
  std::string decode(std::span<const Token> tokens, ShowSpecials specials) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace phi::text

#endif  // PHI_TEXT_TOKENIZER_CORE_H_
