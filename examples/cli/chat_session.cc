#include "chat_session.h"

#include <algorithm>
#include <utility>

#include "phi/error.h"
#include "terminal.h"

namespace phi::cli {

namespace {

/// How many tokens two sequences have in common from their start.
size_t common_prefix(std::span<const Token> a, std::span<const Token> b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                             a.begin());
}

}  // namespace

ChatSession::ChatSession(const Model& model, const SessionOptions& session, ChatOptions options,
                         Progress& progress)
    : model_(model), options_(std::move(options)), progress_(progress), session_(model, session) {
  set_system(options_.system);
}

Generation ChatSession::ask(const std::string& question, const ShowPiece& show) {
  messages_.push_back({"user", question});
  try {
    return answer(show);
  } catch (...) {
    messages_.pop_back();
    throw;
  }
}

bool ChatSession::can_regenerate() const {
  return !messages_.empty() && messages_.back().role == "assistant";
}

void ChatSession::regenerate(const ShowPiece& show) {
  Message former = std::move(messages_.back());
  messages_.pop_back();
  try {
    answer(show);
  } catch (...) {
    messages_.push_back(std::move(former));
    throw;
  }
}

Generation ChatSession::answer(const ShowPiece& show) {
  const CancelOnInterrupt cancel(session_);
  const std::vector<Token> before(session_.tokens().begin(), session_.tokens().end());
  const Stopwatch prefill;
  progress_.begin("reading");
  append_messages();
  progress_.finish();
  Stats stats = {.prompt_tokens = session_.position() - common_prefix(before, session_.tokens()),
                 .prompt_seconds = prefill.seconds()};

  TextStream stream(model_.tokenizer(), {.specials = ShowSpecials::no, .stops = options_.stops});
  Generation result = generate(session_, &stream, options_.max_tokens, show);
  if (result.reason == StopReason::interrupted && result.text.empty())
    throw Error(Code::cancelled, "stopped before the answer");
  messages_.push_back({"assistant", result.text});
  stats.generated_tokens = result.tokens.size();
  stats.seconds_after_first = result.seconds_after_first;
  stats.reason = result.reason;
  last_stats_ = stats;
  return result;
}

void ChatSession::append_messages() {
  try {
    session_.append_chat(messages_);
  } catch (const Error& error) {
    progress_.finish();
    if (error.code() != Code::cancelled || interrupted()) throw;
    // A Ctrl-C that came as the last answer ended was kept by the session for this call; it has now
    // had its effect.
    session_.append_chat(messages_);
  }
}

bool ChatSession::undo() {
  const auto last_question =
      std::find_if(messages_.rbegin(), messages_.rend(),
                   [](const Message& message) { return message.role == "user"; });
  if (last_question == messages_.rend()) return false;
  messages_.erase(last_question.base() - 1, messages_.end());
  return true;
}

void ChatSession::reset() {
  messages_.erase(messages_.begin() + (has_system() ? 1 : 0), messages_.end());
  session_.rewind(0);
  last_stats_.reset();
}

void ChatSession::set_system(const std::string& text) {
  if (has_system()) messages_.erase(messages_.begin());
  if (!text.empty()) messages_.insert(messages_.begin(), {"system", text});
}

}  // namespace phi::cli
