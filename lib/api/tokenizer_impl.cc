#include "api/tokenizer_impl.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "base/fail.h"
#include "text/unicode.h"

namespace phi::detail {

namespace {

constexpr char32_t kFirstPrivate = 0xE000, kLastPrivate = 0xF8FF;

/// The private-use characters that some texts hold.
class PrivateUse {
 public:
  void add(std::string_view text) {
    while (!text.empty()) {
      const text::CodePoint point = text::first_code_point(text);
      if (point.value >= kFirstPrivate && point.value <= kLastPrivate)
        used_.set(point.value - kFirstPrivate);
      text.remove_prefix(point.bytes);
    }
  }

  /// One that they do not hold, as UTF-8.
  std::string unused() const {
    for (size_t i = 0; i < used_.size(); ++i) {
      if (used_.test(i)) continue;
      std::string utf8;
      text::append_utf8(utf8, kFirstPrivate + static_cast<char32_t>(i));
      return utf8;
    }
    fail(Code::invalid_argument,
         "messages: they hold every private-use character from U+E000 to U+F8FF");
  }

 private:
  std::bitset<kLastPrivate - kFirstPrivate + 1> used_;
};

std::vector<Message> valid_messages(std::span<const Message> messages) {
  std::vector<Message> valid;
  valid.reserve(messages.size());
  for (const Message& message : messages) {
    valid.push_back(
        {text::replace_invalid_utf8(message.role), text::replace_invalid_utf8(message.content)});
  }
  return valid;
}

}  // namespace

TokenizerImpl::TokenizerImpl(text::TokenizerSpec spec, uint32_t id_limit,
                             std::span<const Token> further_end_tokens)
    : parts_(std::in_place, std::move(spec)), id_limit_(id_limit) {
  const auto add_end = [this](Token token) {
    const bool known =
        std::find(end_tokens_.begin(), end_tokens_.end(), token) != end_tokens_.end();
    const bool valid = token >= 0 && static_cast<uint32_t>(token) < parts_->core.vocab_size();
    if (valid && !known) end_tokens_.push_back(token);
  };
  for (const Token token : parts_->core.spec().end) add_end(token);
  for (const Token token : further_end_tokens) add_end(token);
}

const text::TokenizerCore& TokenizerImpl::core() const {
  if (!parts_)
    fail(Code::unsupported, "'", printable(source_), "': this model comes without a tokenizer");
  return parts_->core;
}

const text::ChatTemplate& TokenizerImpl::chat() const {
  (void)core();
  return parts_->chat;
}

TokenizerInfo TokenizerImpl::info() const {
  if (!parts_) return {.vocab_size = 0, .bos = -1, .pad = -1, .adds_bos = false, .end = {}};
  const text::TokenizerSpec& spec = parts_->core.spec();
  return {parts_->core.vocab_size(), spec.bos, spec.pad, spec.adds_bos, end_tokens_};
}

/// Spellings are at least as long as what they stand for.
size_t TokenizerImpl::longest_token_bytes() const {
  size_t longest = 0;
  for (const std::string& token : core().spec().tokens) longest = std::max(longest, token.size());
  for (const text::AddedToken& token : core().spec().added) {
    longest = std::max(longest, token.content.size());
  }
  return longest;
}

/// A guard character inside every control token that content spells keeps the encoder from taking
/// it for one; the rendered text has it too, until encode_guarded drops it.
std::vector<Token> TokenizerImpl::encode_chat(std::span<const Message> messages,
                                              GenerationPrompt prompt) const {
  const text::TokenizerSpec& spec = core().spec();
  std::vector<Message> guarded = valid_messages(messages);
  PrivateUse used;
  used.add(spec.chat_template);
  for (const Message& message : guarded) {
    used.add(message.role);
    used.add(message.content);
  }
  const std::string guard = used.unused();
  for (Message& message : guarded) message.content = core().guard_content(message.content, guard);
  std::vector<Token> tokens = core().encode_guarded(chat().render(guarded, prompt), guard);
  // A model's own template writes the BOS where its chats have one; the built-in formats leave it
  // to this line.
  const bool built_in = spec.chat_template.empty();
  if (built_in && spec.adds_bos && spec.bos >= 0 &&
      (tokens.empty() || tokens.front() != spec.bos)) {
    tokens.insert(tokens.begin(), spec.bos);
  }
  return tokens;
}

std::string TokenizerImpl::render_chat(std::span<const Message> messages,
                                       GenerationPrompt prompt) const {
  return chat().render(valid_messages(messages), prompt);
}

std::string TokenizerImpl::decode(std::span<const Token> tokens, ShowSpecials specials) const {
  if (std::none_of(tokens.begin(), tokens.end(),
                   [this](Token token) { return is_padding(token); })) {
    return core().decode(tokens, specials);
  }
  std::vector<Token> meaningful;
  std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(meaningful),
               [this](Token token) { return !is_padding(token); });
  return core().decode(meaningful, specials);
}

std::string_view TokenizerImpl::token_bytes(Token token, ShowSpecials specials,
                                            text::TokenizerCore::Place place) const {
  return is_padding(token) ? std::string_view() : core().token_bytes(token, specials, place);
}

bool TokenizerImpl::is_padding(Token token) const noexcept {
  return parts_ && token >= 0 && static_cast<uint32_t>(token) >= parts_->core.vocab_size() &&
         static_cast<uint32_t>(token) < id_limit_;
}

}  // namespace phi::detail
