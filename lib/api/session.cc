#include "phi/session.h"

#include <algorithm>

#include "api/loaded_model.h"
#include "api/public_call.h"
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

  session::SessionImpl& session() noexcept { return session_; }

  void append_logits(std::span<const Token> tokens, std::span<float> logits) {
    const size_t vocab_size = session_.vocab_size();
    if (logits.size() / vocab_size != tokens.size() || logits.size() % vocab_size != 0) {
      fail(Code::invalid_argument, "logits: ", logits.size(), " values, expected ", tokens.size(),
           " rows of ", vocab_size);
    }
    session_.append(tokens, tokens.empty() ? nullptr : logits.data());
  }

  void append_chat(std::span<const Message> messages) {
    replace_chat(messages, &session::SessionImpl::replace_tail);
  }

  void enqueue_chat(std::span<const Message> messages) {
    replace_chat(messages, &session::SessionImpl::enqueue_tail);
  }

 private:
  using ReplaceTail = void (session::SessionImpl::*)(uint32_t keep, std::span<const Token> tokens);

  void replace_chat(std::span<const Message> messages, ReplaceTail replace_tail) {
    const std::vector<Token> chat =
        model_->tokenizer().encode_chat(messages, GenerationPrompt::yes);
    if (chat.empty())
      fail(Code::invalid_argument, "messages: the chat template turns them into no token at all");
    const std::span<const Token> held = session_.tokens();
    const auto same =
        std::mismatch(chat.begin(), chat.end(), held.begin(), held.end()).first - chat.begin();
    // At least the last token is evaluated, so that its logits are there.
    const size_t keep = std::min(static_cast<size_t>(same), chat.size() - 1);
    (session_.*replace_tail)(static_cast<uint32_t>(keep), std::span(chat).subspan(keep));
  }

  uint64_t total_bytes(const SessionOptions& options) const {
    const session::SessionBytes bytes = session::session_bytes(model_->decoder().config(), options);
    return checked_add(bytes.cache, bytes.scratch, "session");
  }

  std::shared_ptr<const LoadedModel> model_;
  MemoryBudget::Reservation reserved_;
  session::SessionImpl session_;
};

namespace {

/// A year is as good as any time beyond: it can be added to now.
SliceLimit limit_of(std::chrono::microseconds budget) {
  constexpr std::chrono::microseconds kLongest = std::chrono::hours(24 * 365);
  return {.deadline = SliceLimit::Clock::now() +
                      std::clamp(budget, std::chrono::microseconds::zero(), kLongest)};
}

}  // namespace

}  // namespace detail

Session::Session(const Model& model, const SessionOptions& options)
    : impl_(detail::public_call(
          [&] { return std::make_unique<detail::SessionHandle>(model.impl(), options); })) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::set_sampling(const Sampling& sampling) {
  detail::public_call([&] { impl_->session().set_sampling(sampling); });
}

void Session::append(std::span<const Token> tokens) {
  detail::public_call([&] { impl_->session().append(tokens, nullptr); });
}

void Session::append_logits(std::span<const Token> tokens, std::span<float> logits) {
  detail::public_call([&] { impl_->append_logits(tokens, logits); });
}

void Session::append_chat(std::span<const Message> messages) {
  detail::public_call([&] { impl_->append_chat(messages); });
}

Session::Next Session::next() {
  return detail::public_call([&] {
    const session::SessionImpl::Next next = impl_->session().next();
    return Next{next.token, next.end};
  });
}

void Session::enqueue(std::span<const Token> tokens) {
  detail::public_call([&] { impl_->session().enqueue(tokens); });
}

void Session::enqueue_chat(std::span<const Message> messages) {
  detail::public_call([&] { impl_->enqueue_chat(messages); });
}

std::optional<Session::Next> Session::step(std::chrono::microseconds budget) {
  const SliceLimit limit = detail::limit_of(budget);  // before anything else: the time runs
  return detail::public_call([&]() -> std::optional<Next> {
    const auto next = impl_->session().step(limit);
    if (!next) return std::nullopt;
    return Next{next->token, next->end};
  });
}

std::span<const float> Session::logits() {
  return detail::public_call([&] { return impl_->session().logits(); });
}

uint32_t Session::position() const noexcept { return impl_->session().position(); }
uint32_t Session::context() const noexcept { return impl_->session().context(); }
std::span<const Token> Session::tokens() const noexcept { return impl_->session().tokens(); }

void Session::rewind(uint32_t position) {
  detail::public_call([&] { impl_->session().rewind(position); });
}

void Session::cancel() noexcept { impl_->session().cancel(); }

}  // namespace phi
