/// One conversation with a model: the tokens so far, their KV cache, and a sampler.
#ifndef PHI_SESSION_H_
#define PHI_SESSION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "phi/model.h"
#include "phi/types.h"

namespace phi {

namespace detail {
class SessionHandle;
}

/// One thread at a time, except cancel(). Keeps its model alive.
class Session final {
 public:
  /// Reserves and touches everything up front; append and next allocate nothing of ours afterwards.
  /// Error{out_of_memory, over_budget, out_of_range}
  explicit Session(const Model& model, const SessionOptions& options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Keeps the cache, reseeds the generator. Error{invalid_argument, out_of_range}
  void set_sampling(const Sampling& sampling);

  /// Prefill: evaluated before it returns. On error position() is unchanged. Error{context_full,
  /// out_of_range, cancelled}
  void append(std::span<const Token> tokens);

  /// The same, and the logits of every given token: f32 [tokens.size(), vocab_size], the caller's.
  void append_logits(std::span<const Token> tokens, std::span<float> logits);

  /// The whole conversation each turn: keeps the common prefix of the cache, appends the rest with
  /// the generation prompt. Errors as for append and Tokenizer::encode_chat; then the session holds
  /// what it held.
  void append_chat(std::span<const Message> messages);

  struct Next {
    Token token;
    bool end;  ///< token is an end token; it was appended like any other, calling on is allowed
  };

  /// Evaluates a token that still waits, samples the next one and counts it in position(); its own
  /// evaluation is put off until it is needed. Error{invalid_argument} at position 0,
  /// Error{context_full, cancelled}
  Next next();

  /// append() and append_chat() whose evaluation is left to later calls: it takes microseconds, and
  /// position() counts the tokens at once. What follows is as if they had been evaluated. A cancel
  /// goes on waiting. Error{context_full, out_of_range}; for enqueue_chat also those of
  /// Tokenizer::encode_chat.
  void enqueue(std::span<const Token> tokens);
  void enqueue_chat(std::span<const Message> messages);

  /// next() for programs that have only a moment at a time, such as a game in each of its frames:
  /// works on what waits and, when all is evaluated, samples. Nothing when the budget is spent
  /// before there is a token: the next call goes on where this one stopped, in prompts too.
  ///
  /// The tokens are those of next(), bit for bit, whatever the budgets. A step ends within about a
  /// millisecond after its budget (docs/slicing.md has what was measured). Every call does at least
  /// one piece of work, so a budget of 0 asks for the least; one below 0 counts as 0. keep_going is
  /// not called: the caller is in control. All other calls are allowed between two steps. Errors as
  /// next(); after Error{cancelled} the session holds what it held.
  std::optional<Next> step(std::chrono::microseconds budget);

  /// The model's own logits after the last position, f32 [vocab_size], borrowed until the next call
  /// on this session. Error{invalid_argument} at position 0; Error{cancelled} if much has to be
  /// evaluated again and a cancel cuts it short, which then still waits for an append or next.
  std::span<const float> logits();

  uint32_t position() const noexcept;              ///< tokens held
  uint32_t context() const noexcept;               ///< positions reserved
  std::span<const Token> tokens() const noexcept;  ///< borrowed until the next non-const call

  /// Drops the tail. Penalties follow the tokens; the random generator runs on. Error{out_of_range}
  void rewind(uint32_t position);

  /// Any thread. Sticky: one append/next/step returns Error{cancelled}, the one under way or the
  /// next one called.
  void cancel() noexcept;

 private:
  std::unique_ptr<detail::SessionHandle> impl_;
};

}  // namespace phi

#endif  // PHI_SESSION_H_
