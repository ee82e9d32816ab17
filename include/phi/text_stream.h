/// Tokens, one at a time, to text that can be shown at once.
#ifndef PHI_TEXT_STREAM_H_
#define PHI_TEXT_STREAM_H_

#include <memory>
#include <string_view>

#include "phi/tokenizer.h"

namespace phi {

/// Gives whole code points only and holds back what may become a stop string. One thread at a time.
/// Keeps its tokenizer's state alive. Views live until the next call on the same stream.
/// Among several stop strings the one that is complete first ends the text. push and flush allocate
/// nothing.
class TextStream final {
 public:
  explicit TextStream(const Tokenizer& tokenizer, const StreamOptions& options = {});
  ~TextStream();
  TextStream(TextStream&&) noexcept;
  TextStream& operator=(TextStream&&) noexcept;

  struct Piece {
    std::string_view text;
    bool stopped;  ///< a stop string is complete; text ends before it. Later pushes give nothing.
  };

  /// Error{out_of_range} for an id outside the vocabulary.
  Piece push(Token token);

  /// What is still held back, incomplete bytes as U+FFFD; afterwards the stream is as new.
  std::string_view flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phi

#endif  // PHI_TEXT_STREAM_H_
