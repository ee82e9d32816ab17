// The calls of a session that do their work in slices.
#include <algorithm>
#include <utility>

#include "base/fail.h"
#include "session/session_impl.h"

namespace phi::session {

namespace {

/// Rows of a prompt that go through the layers together: fewer than in append, so that the longest
/// tasks stay below a millisecond or so.
constexpr uint32_t kMaxPassRows = 128;

}  // namespace

void SessionImpl::enqueue(std::span<const Token> tokens) { enqueue_tail(length_, tokens); }

void SessionImpl::enqueue_tail(uint32_t keep, std::span<const Token> tokens) {
  check_tokens(tokens);
  check_room(keep, tokens.size());
  rewind(keep);
  if (tokens.empty()) return;
  const uint32_t length = length_ + static_cast<uint32_t>(tokens.size());
  std::copy(tokens.begin(), tokens.end(), tokens_.begin() + length_);
  // As an append does it, what waits before these tokens is evaluated with them.
  fit_cache(length);
  std::fill(arithmetic_.begin() + cached_, arithmetic_.begin() + length, Arithmetic::prompt);
  length_ = length;
  logits_length_ = 0;
}

std::optional<SessionImpl::Next> SessionImpl::step(const SliceLimit& limit) {
  check_nonempty("step");
  check_room(length_, 1);
  std::optional<Next> result;
  cancellable([&] {
    slices_.begin_slice(limit);
    // A draw takes up to a millisecond: it is a task of its own.
    if (evaluate_in_slices(length_, cancel_) && slices_.admits_task()) result = draw();
  });
  return result;
}

/// As evaluate(), within the slice that has begun. false: it is used up.
bool SessionImpl::evaluate_in_slices(uint32_t length, const std::atomic<bool>& stop) {
  while (logits_length_ != length) {
    fit_cache(length);
    const Arithmetic arithmetic = arithmetic_to(length);
    std::fill(arithmetic_.begin() + cached_, arithmetic_.begin() + length, arithmetic);
    if (!can_resume(length)) {
      const uint32_t last = std::min(length, cached_ + kMaxPassRows);
      suspended_ = {cached_, last, arithmetic, cached_range_, last == length};
      slices_.restart();
    }
    if (!run_pass(*std::exchange(suspended_, std::nullopt), stop)) return false;
  }
  return true;
}

/// Is what is suspended the beginning of an evaluation of tokens_[cached_, length)?
bool SessionImpl::can_resume(uint32_t length) const noexcept {
  return suspended_ && suspended_->first == cached_ && suspended_->last <= length &&
         suspended_->range == cached_range_ && suspended_->arithmetic == arithmetic_to(length);
}

/// For calls that do not work in slices: what is suspended is finished or, if they cannot use it,
/// forgotten.
void SessionImpl::finish_suspended(uint32_t length, const std::atomic<bool>& stop) {
  const SlicedPass pass = *suspended_;
  const bool is_useful = can_resume(length);
  suspended_.reset();
  if (!is_useful) return;
  slices_.begin_slice({});
  (void)run_pass(pass, stop);
}

/// A new pass, or the one that is suspended. false: the slice is used up. On error it is forgotten.
bool SessionImpl::run_pass(const SlicedPass& pass, const std::atomic<bool>& stop) {
  const RunContext run{threads_, stop, &slices_};
  float* const logits = pass.wants_logits ? logits_.data() : nullptr;
  logits_length_ = 0;
  if (pass.arithmetic == Arithmetic::generation) {
    evaluate_token(pass.first, logits, run);
  } else {
    evaluate_span(pass.first, pass.last, nullptr, logits, run);
  }
  if (slices_.is_suspended()) {
    suspended_ = pass;
    return false;
  }
  cached_ = pass.last;
  if (pass.wants_logits) logits_length_ = pass.last;
  return true;
}

}  // namespace phi::session
