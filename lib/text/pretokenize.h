/// The pre-tokenizer: regular expressions that cut a text into the pieces inside which BPE may
/// merge. Only pretokenize.cc sees PCRE2.
#ifndef PHI_TEXT_PRETOKENIZE_H_
#define PHI_TEXT_PRETOKENIZE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/piece_scan.h"

namespace phi::text {

/// What becomes of the text between two matches.
enum class Rest : int32_t { kept, removed };

/// Immutable; split may run on many threads at once.
class Pretokenizer {
 public:
  /// The patterns are applied in order, each to the pieces that the one before it made; none = the
  /// text is one piece. They are written in the dialect of the Hugging Face tokenizers: `\s` and
  /// `\w` are those of Unicode. Error{bad_format} names a pattern that does not compile.
  Pretokenizer(const std::vector<std::string>& patterns, Rest rest);
  ~Pretokenizer();

  /// Appends the pieces of `text`, which is valid UTF-8; they are views into it, in order, none
  /// empty. Error{unsupported} if a pattern needs more steps or memory than the limits allow.
  void split(std::string_view text, std::vector<std::string_view>& pieces) const;

  /// Cuts as split does, without a list and in less time; null unless the pattern is a known one.
  /// Where it gives up, split goes on: pieces do not depend on what lies before them.
  PieceScan scan() const noexcept { return scan_; }

 private:
  class Pattern;
  std::vector<std::unique_ptr<const Pattern>> patterns_;
  Rest rest_;
  PieceScan scan_ = nullptr;
};

/// `pattern` in the dialect of PCRE2: its own `\s` and `\w` are not exactly those of Unicode.
std::string pcre2_dialect(std::string_view pattern);

}  // namespace phi::text

#endif  // PHI_TEXT_PRETOKENIZE_H_
