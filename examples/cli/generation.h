/// The loop that turns a prompt held by a session into streamed text.
#ifndef PHI_CLI_GENERATION_H_
#define PHI_CLI_GENERATION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "phi/session.h"
#include "phi/text_stream.h"

namespace phi::cli {

enum class StopReason { end_token, stop_string, max_tokens, context_full, interrupted };

/// One answer of a model.
struct Generation {
  std::string text;
  std::vector<Token> tokens;  ///< the end token, if there was one, included
  StopReason reason = StopReason::end_token;
  double seconds_after_first = 0;  ///< from the first token to the last
};

/// Sees every token with the text that became showable through it; token -1 brings what was held
/// back to the end.
using ShowPiece = std::function<void(Token token, std::string_view text)>;

/// Ctrl-C ends the answer and is left for the caller to clear. stream: null = tokens without text.
/// Error{...} as Session::next.
Generation generate(Session& session, TextStream* stream, std::optional<uint32_t> max_tokens,
                    const ShowPiece& show);

/// How long the two phases of an answer took.
struct Stats {
  size_t prompt_tokens =
      0;  ///< evaluated for this answer; the cached part of a chat is not among them
  double prompt_seconds = 0;
  size_t generated_tokens = 0;
  double seconds_after_first = 0;
  StopReason reason = StopReason::end_token;
};

/// "prompt 12 tokens, 95.1 tokens/s; answer 80 tokens, 14.2 tokens/s; ended by the model"
std::string describe(const Stats& stats);

/// Wall time since construction.
class Stopwatch {
 public:
  Stopwatch();
  double seconds() const;

 private:
  int64_t begun_ns_;
};

}  // namespace phi::cli

#endif  // PHI_CLI_GENERATION_H_
