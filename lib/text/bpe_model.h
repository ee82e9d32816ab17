/// The vocabulary at work: pieces of text to token ids, and token ids to bytes.
#ifndef PHI_TEXT_BPE_MODEL_H_
#define PHI_TEXT_BPE_MODEL_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/bpe.h"
#include "text/piece_index.h"
#include "text/tokenizer_spec.h"

namespace phi::text {

/// Sane bounds on what a file may claim.
inline constexpr size_t kMaxVocabulary = size_t{1} << 20;
inline constexpr size_t kMaxScoredTokenBytes = 256;

/// Immutable; every member may run on many threads at once.
class BpeModel {
 public:
  /// Error{bad_format}: merges of unknown tokens, scores that do not match the vocabulary, a
  /// vocabulary beyond the bounds. The spec must outlive the model.
  explicit BpeModel(const TokenizerSpec& spec);

  /// Appends the tokens of one piece of normalised text, valid UTF-8. Never yields a control token.
  void encode(std::string_view piece, std::vector<Token>& out) const;

  /// What the token adds to a text: its letters as bytes, U+2581 as a space, <0x0A> as the byte.
  std::string_view bytes_of(Token token) const;
  size_t vocab_size() const noexcept { return byte_begins_.size() - 1; }

 private:
  void collect_bytes(const TokenizerSpec& spec);
  void collect_characters(const TokenizerSpec& spec, const std::vector<bool>& plain);
  void collect_ranked_merges(const TokenizerSpec& spec, const std::vector<bool>& plain);
  void collect_scored_merges(const TokenizerSpec& spec, const std::vector<bool>& plain);
  void collect_whole_pieces(const TokenizerSpec& spec, const std::vector<bool>& plain);

  void merge_bytes(std::string_view piece, std::vector<Token>& out) const;
  void encode_words(std::string_view piece, std::vector<Token>& out) const;
  size_t first_word(std::string_view piece) const noexcept;
  bool merge_characters(std::string_view word, bool after_unknown, std::vector<Token>& out) const;
  Token symbol_of(char32_t character) const;
  bool append_as_bytes(std::string_view text, std::vector<Token>& out) const;
  void spell_extra_symbols(std::vector<Token>& symbols, size_t begin) const;

  BpeKind kind_;
  bool byte_fallback_, fuse_unknown_, ignore_merges_;
  Token unknown_;
  std::string bytes_;                   // of all tokens, one after the other
  std::vector<size_t> byte_begins_;     // [vocab_size + 1] into bytes_
  std::array<Token, 256> byte_tokens_;  // -1: none
  // Pieces (of sentencepiece: words) that become one token: those that merging would give, found at
  // once; with ignore_merges every spelling of a token.
  PieceIndex whole_{0};
  // Characters to symbols. Scored vocabularies may merge characters that are no token themselves:
  // those get symbols from vocab_size on, and are spelled as bytes when they remain.
  std::array<Token, 128> ascii_symbols_;
  std::unordered_map<char32_t, Token> symbols_;
  std::vector<char32_t> extra_characters_;  // of the symbols from vocab_size on
  std::unique_ptr<MergeTable> merges_;
  bool space_begins_words_ = true;  // no merge joins anything to a U+2581 on its right
};

}  // namespace phi::text

#endif  // PHI_TEXT_BPE_MODEL_H_
