/// One conversation: which tokens it holds, what of them the cache holds, and what follows them.
#ifndef PHI_SESSION_SESSION_IMPL_H_
#define PHI_SESSION_SESSION_IMPL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "base/sliced_run.h"
#include "model/decoder.h"
#include "model/workspace.h"
#include "phi/types.h"
#include "session/kv_cache.h"
#include "session/progress.h"
#include "session/sampler.h"

namespace phi::session {

/// What a session takes beside its model.
struct SessionBytes {
  uint64_t cache, scratch;
};

/// Positions that these options ask for: by default min(the model's, 4096), and not beyond the
/// original length with longrope. Error{out_of_range} for more than the model has.
uint32_t session_context(const weights::ModelConfig& config, const SessionOptions& options);

/// What a session with these options will take; nothing is allocated. Error{out_of_range,
/// invalid_argument}
SessionBytes session_bytes(const weights::ModelConfig& config, const SessionOptions& options);

/// Borrows the decoder. One thread at a time, except cancel(). Everything is allocated and touched
/// by the constructor.
///
/// Evaluation is lazy at one end only: the last sampled token, and what was enqueued, wait until
/// somebody needs what follows them. Positions [0, cached_) have their keys and values in the
/// cache, rotated as cached_range_ says; whatever fails, this stays true, and what is missing is
/// evaluated by the next call that needs it.
class SessionImpl {
 public:
  /// end_tokens: ids at which next() says that the reply ends. Errors as session_bytes and Sampler,
  /// and Error{out_of_memory}.
  SessionImpl(const model::Decoder& decoder, std::vector<Token> end_tokens,
              const SessionOptions& options);
  SessionImpl(const SessionImpl&) = delete;
  SessionImpl& operator=(const SessionImpl&) = delete;

  void set_sampling(const Sampling& sampling) { sampler_.set(sampling); }

  /// all_logits: f32 [tokens.size(), vocab_size] or null.
  void append(std::span<const Token> tokens, float* all_logits);

  /// rewind(keep) and append(tokens) as one step: on error the old tokens are still there.
  void replace_tail(uint32_t keep, std::span<const Token> tokens);

  struct Next {
    Token token;
    bool end;
  };
  Next next();

  /// append() and replace_tail() that put the evaluation off; from then on everything is as if it
  /// had been done.
  void enqueue(std::span<const Token> tokens);
  void enqueue_tail(uint32_t keep, std::span<const Token> tokens);

  /// A slice of next(): none if the limit came first. Calls that follow go on from there; whatever
  /// other call comes between.
  std::optional<Next> step(const SliceLimit& limit);

  std::span<const float> logits();
  void rewind(uint32_t position);
  void cancel() noexcept { cancel_.store(true, std::memory_order_relaxed); }

  uint32_t position() const noexcept { return length_; }
  uint32_t context() const noexcept { return static_cast<uint32_t>(tokens_.size()); }
  uint32_t vocab_size() const noexcept { return static_cast<uint32_t>(logits_.size()); }
  std::span<const Token> tokens() const noexcept { return {tokens_.data(), length_}; }

 private:
  /// How a position was evaluated, so that evaluating it again gives the same bits.
  enum class Arithmetic : uint8_t { prompt, generation };

  /// Logits that append_logits wants: of the positions from `first` on.
  struct WantedRows {
    uint32_t first;
    float* logits;
  };

  /// Positions that go through the model together, in slices.
  struct SlicedPass {
    uint32_t first, last;
    Arithmetic arithmetic;
    model::RopeRange range;
    bool wants_logits;  ///< of the last position
  };

  void check_nonempty(const char* call) const;
  void check_tokens(std::span<const Token> tokens) const;
  void check_room(uint32_t length, size_t more) const;
  model::RopeRange range_at(uint32_t length) const noexcept;
  template <class Work>
  void cancellable(Work&& work);
  Next draw();
  void fit_cache(uint32_t length);
  Arithmetic arithmetic_to(uint32_t length) const noexcept;
  void evaluate(uint32_t length, const WantedRows* wanted, const std::atomic<bool>& stop);
  void evaluate_token(uint32_t position, float* logits, const RunContext& run);
  /// In slices nobody is asked whether to keep going: the caller of step is in control.
  void evaluate_span(uint32_t first, uint32_t last, float* all_logits, float* last_logits,
                     const RunContext& run);
  bool ends(Token token) const noexcept;

  bool evaluate_in_slices(uint32_t length, const std::atomic<bool>& stop);
  bool can_resume(uint32_t length) const noexcept;
  void finish_suspended(uint32_t length, const std::atomic<bool>& stop);
  bool run_pass(const SlicedPass& pass, const std::atomic<bool>& stop);

  const model::Decoder& decoder_;
  const std::vector<Token> end_tokens_;
  ThreadScope threads_;
  Sampler sampler_;
  KvCache cache_;
  model::Workspace workspace_;
  Progress progress_;
  std::function<bool(double)> keep_going_;  // empty when the application gave none
  std::vector<Token> tokens_;               // [context]; the first length_ are held
  Precision precision_;
  std::vector<Arithmetic> arithmetic_;  // [context]
  std::vector<float> logits_;           // [vocab_size]
  uint32_t length_ = 0;
  uint32_t cached_ = 0;         // <= length_ between calls
  uint32_t logits_length_ = 0;  // logits_ are those after this many tokens; 0 = none
  model::RopeRange cached_range_ = model::RopeRange::within_original;
  SlicedRun slices_;
  std::optional<SlicedPass> suspended_;  // what slices_ stopped in; its rows are in workspace_
  std::atomic<bool> cancel_{false};
};

/// Runs `work` unless a cancel waits already. Whichever way it comes out cancelled, that uses the
/// cancel up.
template <class Work>
void SessionImpl::cancellable(Work&& work) {
  if (cancel_.exchange(false, std::memory_order_relaxed)) fail(Code::cancelled, "cancelled");
  try {
    work();
  } catch (const Error& error) {
    if (error.code() == Code::cancelled) cancel_.store(false, std::memory_order_relaxed);
    throw;
  }
}

}  // namespace phi::session

#endif  // PHI_SESSION_SESSION_IMPL_H_
