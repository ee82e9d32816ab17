/// What a phi::Tokenizer is: the encoder and the chat template of one model, or the knowledge that
/// the model has neither.
#ifndef PHI_API_TOKENIZER_IMPL_H_
#define PHI_API_TOKENIZER_IMPL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phi/types.h"
#include "text/chat_template.h"
#include "text/tokenizer_core.h"
#include "text/tokenizer_spec.h"

namespace phi::detail {

/// Immutable; every member may run on many threads at once.
class TokenizerImpl {
 public:
  /// id_limit: ids from the vocabulary's size up to this are the padding rows of a model's
  /// matrices, and mean nothing.
  TokenizerImpl(text::TokenizerSpec spec, uint32_t id_limit,
                std::span<const Token> further_end_tokens);

  /// For a model without a tokenizer: every call but info() is Error{unsupported} and names
  /// `source`.
  explicit TokenizerImpl(std::string source) : source_(std::move(source)) {}

  /// Error{unsupported} if there is none.
  const text::TokenizerCore& core() const;
  const text::ChatTemplate& chat() const;

  TokenizerInfo info() const;

  /// No token adds more bytes to a text. Error{unsupported} if there is no tokenizer.
  size_t longest_token_bytes() const;
  const std::vector<Token>& end_tokens() const noexcept { return end_tokens_; }

  std::vector<Token> encode_chat(std::span<const Message> messages, GenerationPrompt prompt) const;
  std::string render_chat(std::span<const Message> messages, GenerationPrompt prompt) const;
  std::string decode(std::span<const Token> tokens, ShowSpecials specials) const;
  std::string_view token_bytes(Token token, ShowSpecials specials,
                               text::TokenizerCore::Place place) const;

 private:
  bool is_padding(Token token) const noexcept;

  struct Parts {
    explicit Parts(text::TokenizerSpec spec) : core(std::move(spec)), chat(core.spec()) {}
    text::TokenizerCore core;
    text::ChatTemplate chat;
  };
  std::optional<Parts> parts_;
  std::string source_;
  uint32_t id_limit_ = 0;
  std::vector<Token> end_tokens_;
};

}  // namespace phi::detail

#endif  // PHI_API_TOKENIZER_IMPL_H_
