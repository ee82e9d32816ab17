#include "phi/tokenizer.h"

#include <utility>

#include "api/model_source.h"
#include "api/public_call.h"
#include "api/tokenizer_impl.h"

namespace phi {

Tokenizer::Tokenizer(std::shared_ptr<const detail::TokenizerImpl> impl) noexcept
    : impl_(std::move(impl)) {}

Tokenizer Tokenizer::open(const std::string& path) {
  return detail::public_call([&] {
    constexpr uint32_t kNoPadding = 0;
    return Tokenizer(std::make_shared<const detail::TokenizerImpl>(
        detail::open_tokenizer_spec(path), kNoPadding, std::span<const Token>()));
  });
}

TokenizerInfo Tokenizer::info() const {
  return detail::public_call([&] { return impl_->info(); });
}

std::vector<Token> Tokenizer::encode(std::string_view text, Specials specials) const {
  return detail::public_call([&] { return impl_->core().encode(text, specials); });
}

std::vector<Token> Tokenizer::encode_chat(std::span<const Message> messages,
                                          GenerationPrompt prompt) const {
  return detail::public_call([&] { return impl_->encode_chat(messages, prompt); });
}

std::string Tokenizer::render_chat(std::span<const Message> messages,
                                   GenerationPrompt prompt) const {
  return detail::public_call([&] { return impl_->render_chat(messages, prompt); });
}

std::string Tokenizer::render_chat_json(std::string_view json) const {
  return detail::public_call([&] { return impl_->chat().render_json(json); });
}

std::string Tokenizer::decode(std::span<const Token> tokens, ShowSpecials specials) const {
  return detail::public_call([&] { return impl_->decode(tokens, specials); });
}

}  // namespace phi
