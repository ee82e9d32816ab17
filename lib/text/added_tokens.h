/// The tokens that are found in a text before it is merged, as Hugging Face `tokenizers`
/// (AddedVocabulary) finds them.
#ifndef PHI_TEXT_ADDED_TOKENS_H_
#define PHI_TEXT_ADDED_TOKENS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer_spec.h"

namespace phi::text {

/// A part of a text: one added token with the white space that it swallows, or what lies between
/// two.
struct TextPart {
  Token token = -1;       ///< -1: text
  std::string_view text;  ///< empty for a token
};

/// Immutable; every member may run on many threads at once.
class AddedTokens {
 public:
  /// `token` is found where `spelling` stands. Tokens without a spelling are never found.
  void insert(const AddedToken& token, std::string_view spelling);

  bool empty() const noexcept { return tokens_.empty(); }

  /// Appends the parts of `text` (valid UTF-8, parts are views into it): of all matches the
  /// leftmost, of these the longest. Control tokens that are not to be parsed stay text, and so
  /// does one with `guard` right behind it (see guard_points).
  void cut(std::string_view text, Specials specials, std::string_view guard,
           std::vector<TextPart>& parts) const;

  /// Where a guard must stand in `text` so that none of these tokens is found there: behind the
  /// first code point of each that begins anywhere. In order.
  std::vector<size_t> guard_points(std::string_view text) const;

 private:
  static constexpr uint32_t kNone = 0;  // the root is nobody's child
  struct Node {
    uint32_t first_child = kNone, next_sibling = kNone;
    int32_t token = -1;  // into tokens_, of the spelling that ends here
    unsigned char byte = 0;
  };
  struct Match {
    int32_t token = -1;
    size_t bytes = 0;
  };
  uint32_t child_of(uint32_t node, unsigned char byte) const noexcept;
  Match longest_at(std::string_view text) const noexcept;

  std::vector<Node> nodes_{Node{}};  // a trie over the bytes of the spellings
  std::array<bool, 256> begins_{};   // some spelling begins with this byte
  std::vector<AddedToken> tokens_;
  bool all_special_ = true;
};

}  // namespace phi::text

#endif  // PHI_TEXT_ADDED_TOKENS_H_
