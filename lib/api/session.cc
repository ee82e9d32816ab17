#include "phi/session.h"

#include <algorithm>

#include "api/loaded_model.h"
#include "base/checked.h"
#include "base/fail.h"
#include "session/session_impl.h"

namespace phi {

namespace detail {

/// A session with what must live at least as long as it.
class SessionHandle {
 public:
  SessionHandle(std::shared_ptr<const LoadedModel> model, const SessionOptions& options)
      : model_(std::move(model)),
        reserved_(model_->budget().reserve(total_bytes(options), "session")),
        session_(model_->decoder(), model_->end_tokens(), options) {}

  const Tokenizer& tokenizer() const noexcept { return model_->tokenizer(); }
  session::SessionImpl& session() noexcept { return session_; }

 private:
  uint64_t total_bytes(const SessionOptions& options) const {
    const session::SessionBytes bytes = session::session_bytes(model_->decoder().config(), options);
    return checked_add(bytes.cache, bytes.scratch, "session");
  }

  std::shared_ptr<const LoadedModel> model_;
  MemoryBudget::Reservation reserved_;
  session::SessionImpl session_;
};

}  // namespace detail

Session::Session(const Model& model, const SessionOptions& options)
    : impl_(std::make_unique<detail::SessionHandle>(model.impl(), options)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::set_sampling(const Sampling& sampling) { impl_->session().set_sampling(sampling); }

void Session::append(std::span<const Token> tokens) { impl_->session().append(tokens, nullptr); }

void Session::append_logits(std::span<const Token> tokens, std::span<float> logits) {
  session::SessionImpl& session = impl_->session();
  if (logits.size() / session.vocab_size() != tokens.size() ||
      logits.size() % session.vocab_size() != 0) {
    fail(Code::invalid_argument, "logits: ", logits.size(), " values, expected ", tokens.size(),
         " rows of ", session.vocab_size());
  }
  session.append(tokens, tokens.empty() ? nullptr : logits.data());
}

void Session::append_chat(std::span<const Message> messages) {
  const std::vector<Token> chat = impl_->tokenizer().encode_chat(messages, GenerationPrompt::yes);
  if (chat.empty())
    fail(Code::invalid_argument, "messages: the chat template turns them into no token at all");
  session::SessionImpl& session = impl_->session();
  const std::span<const Token> held = session.tokens();
  const auto same =
      std::mismatch(chat.begin(), chat.end(), held.begin(), held.end()).first - chat.begin();
  // At least the last token is evaluated, so that its logits are there when this returns.
  const size_t keep = std::min(static_cast<size_t>(same), chat.size() - 1);
  session.replace_tail(static_cast<uint32_t>(keep), std::span(chat).subspan(keep));
}

Session::Next Session::next() {
  const session::SessionImpl::Next next = impl_->session().next();
  return {next.token, next.end};
}

std::span<const float> Session::logits() { return impl_->session().logits(); }

uint32_t Session::position() const noexcept { return impl_->session().position(); }
uint32_t Session::context() const noexcept { return impl_->session().context(); }
std::span<const Token> Session::tokens() const noexcept { return impl_->session().tokens(); }

void Session::rewind(uint32_t position) { impl_->session().rewind(position); }

void Session::cancel() noexcept { impl_->session().cancel(); }

}  // namespace phi
