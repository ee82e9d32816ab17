/// Text to tokens and back, and chats to text.
#ifndef PHI_TOKENIZER_H_
#define PHI_TOKENIZER_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phi/types.h"

namespace phi {

namespace detail {
class TokenizerImpl;
}

/// Immutable vocabulary with its chat template. Copies share state in O(1); every const member may
/// run on many threads at once.
class Tokenizer final {
 public:
  /// Reads a Hugging Face directory, a tokenizer.json, a .gguf or a packed file.
  /// Error{not_found, io, bad_format, unsupported}
  static Tokenizer open(const std::string& path);

  TokenizerInfo info() const;

  /// Adds no BOS. Invalid UTF-8 is read as U+FFFD per maximal subpart. O(n log n) in text.size().
  std::vector<Token> encode(std::string_view text, Specials specials = Specials::as_text) const;

  /// Renders and encodes a chat. Message content is always text: control tokens spelled inside it
  /// stay text. BOS where the model's chats have one. Error{invalid_argument} if the template
  /// rejects the messages.
  std::vector<Token> encode_chat(std::span<const Message> messages, GenerationPrompt prompt) const;

  /// Exactly what the model's template gives.
  std::string render_chat(std::span<const Message> messages, GenerationPrompt prompt) const;

  /// The same for a JSON object {"messages": [...], "tools": [...], "add_generation_prompt": true,
  /// ...}; further members are variables of the template.
  std::string render_chat_json(std::string_view json) const;

  /// Tokens to UTF-8 text; invalid byte sequences become U+FFFD. Error{out_of_range} for an id
  /// outside the vocabulary.
  std::string decode(std::span<const Token> tokens, ShowSpecials specials = ShowSpecials::no) const;

  explicit Tokenizer(std::shared_ptr<const detail::TokenizerImpl> impl) noexcept;  // used by Model
  const std::shared_ptr<const detail::TokenizerImpl>& impl() const noexcept { return impl_; }

 private:
  std::shared_ptr<const detail::TokenizerImpl> impl_;
};

}  // namespace phi

#endif  // PHI_TOKENIZER_H_
