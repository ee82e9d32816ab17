#include "generation.h"

#include <chrono>

#include "format.h"
#include "phi/error.h"
#include "terminal.h"

namespace phi::cli {

namespace {

int64_t now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

const char* reason_text(StopReason reason) {
  switch (reason) {
    case StopReason::end_token:
      return "ended by the model";
    case StopReason::stop_string:
      return "ended by a stop string";
    case StopReason::max_tokens:
      return "ended by -n";
    case StopReason::context_full:
      return "ended by a full context";
    case StopReason::interrupted:
      return "interrupted";
  }
  return "";
}

std::string speed(size_t tokens, double seconds) {
  return seconds > 0 ? ", " + format_fixed(static_cast<double>(tokens) / seconds, 1) + " tokens/s"
                     : "";
}

/// Why no further token can or shall be asked for, if so.
std::optional<StopReason> exhausted(const Session& session, size_t generated,
                                    std::optional<uint32_t> max_tokens) {
  if (max_tokens && generated >= *max_tokens) return StopReason::max_tokens;
  if (session.position() >= session.context()) return StopReason::context_full;
  return std::nullopt;
}

}  // namespace

Stopwatch::Stopwatch() : begun_ns_(now_ns()) {}
double Stopwatch::seconds() const { return static_cast<double>(now_ns() - begun_ns_) * 1e-9; }

Generation generate(Session& session, TextStream* stream, std::optional<uint32_t> max_tokens,
                    const ShowPiece& show) {
  Generation answer;
  const auto deliver = [&](Token token, std::string_view text) {
    answer.text += text;
    show(token, text);
  };
  std::optional<Stopwatch> since_first;
  while (true) {
    if (const auto reason = exhausted(session, answer.tokens.size(), max_tokens)) {
      answer.reason = *reason;
      break;
    }
    Session::Next next;
    try {
      next = session.next();
    } catch (const Error& error) {
      if (error.code() != Code::cancelled || !interrupted()) throw;
      answer.reason = StopReason::interrupted;
      break;
    }
    if (!since_first) since_first.emplace();
    answer.seconds_after_first = since_first->seconds();
    answer.tokens.push_back(next.token);

    const TextStream::Piece piece =
        stream != nullptr ? stream->push(next.token) : TextStream::Piece{{}, false};
    deliver(next.token, piece.text);
    if (piece.stopped) answer.reason = StopReason::stop_string;
    if (piece.stopped || next.end) break;
  }
  if (stream != nullptr) deliver(-1, stream->flush());
  return answer;
}

std::string describe(const Stats& stats) {
  const std::string prompt = stats.prompt_tokens == 0
                                 ? "prompt in the cache"
                                 : "prompt " + std::to_string(stats.prompt_tokens) + " tokens" +
                                       speed(stats.prompt_tokens, stats.prompt_seconds);
  std::string answer = "answer " + std::to_string(stats.generated_tokens) + " tokens";
  if (stats.generated_tokens > 1)
    answer +=
        speed(stats.generated_tokens - 1, stats.seconds_after_first);  // the first costs no pass
  return prompt + "; " + answer + "; " + reason_text(stats.reason);
}

}  // namespace phi::cli
