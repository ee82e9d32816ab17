#include "session/session_impl.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"
#include "kernels/dispatch.h"

namespace phi::session {

namespace {

constexpr uint32_t kDefaultContext = 4096;

bool has_longrope(const weights::ModelConfig& config) noexcept {
  return config.rope.original_context > 0 && !config.rope.long_inverse_frequency.empty();
}

/// Checks the options on the way.
KvCache::Shape cache_shape(const weights::ModelConfig& config, const SessionOptions& options) {
  if (options.kv != Kv::bf16 && options.kv != Kv::f32 && options.kv != Kv::int8) {
    fail(Code::invalid_argument, "kv: ", static_cast<int32_t>(options.kv),
         " is not a known type of cache");
  }
  if (options.precision != Precision::standard && options.precision != Precision::fast) {
    fail(Code::invalid_argument, "precision: ", static_cast<int32_t>(options.precision),
         " is not a known choice");
  }
  return {config.layers, config.kv_heads, config.head_dim, session_context(config, options),
          options.kv};
}

}  // namespace

uint32_t session_context(const weights::ModelConfig& config, const SessionOptions& options) {
  if (options.context == 0) {
    const uint32_t preferred = std::min(config.context, kDefaultContext);
    return has_longrope(config) ? std::min(preferred, config.rope.original_context) : preferred;
  }
  if (options.context > config.context) {
    fail(Code::out_of_range, "context: ", options.context, " positions asked for, the model has ",
         config.context);
  }
  return options.context;
}

SessionBytes session_bytes(const weights::ModelConfig& config, const SessionOptions& options) {
  const KvCache::Shape shape = cache_shape(config, options);
  const uint64_t logits = uint64_t{config.vocab_size} * sizeof(float);
  const uint64_t tokens = uint64_t{shape.capacity} * (sizeof(Token) + sizeof(uint8_t));
  const uint64_t workspace =
      model::Workspace::size_bytes(config, shape.capacity, thread_count(thread_options(options)));
  return {
      KvCache::size_bytes(shape),
      checked_add(workspace, Sampler::size_bytes(config.vocab_size) + logits + tokens, "scratch")};
}

SessionImpl::SessionImpl(const model::Decoder& decoder, std::vector<Token> end_tokens,
                         const SessionOptions& options)
    : decoder_(decoder),
      end_tokens_(std::move(end_tokens)),
      threads_(thread_options(options)),
      sampler_(decoder.config().vocab_size, options.sampling,
               *kernels::select_kernels(decoder.isa()).weighing),
      cache_(cache_shape(decoder.config(), options)),
      workspace_(decoder.config(), session_context(decoder.config(), options), threads_.threads()),
      progress_(options.keep_going),
      tokens_(session_context(decoder.config(), options)),
      precision_(options.precision),
      arithmetic_(tokens_.size()),
      logits_(decoder.config().vocab_size),
      slices_(threads_.threads()) {
  if (options.keep_going) {
    keep_going_ = [this](double done) { return progress_.report(done); };
  }
}

void SessionImpl::append(std::span<const Token> tokens, float* all_logits) {
  check_tokens(tokens);
  check_room(length_, tokens.size());
  cancellable([&] {
    if (tokens.empty()) return;
    const uint32_t length = length_ + static_cast<uint32_t>(tokens.size());
    std::copy(tokens.begin(), tokens.end(), tokens_.begin() + length_);
    std::fill(arithmetic_.begin() + length_, arithmetic_.begin() + length, Arithmetic::prompt);
    const WantedRows wanted{length_, all_logits};
    evaluate(length, all_logits != nullptr ? &wanted : nullptr, cancel_);
    length_ = length;
  });
}

void SessionImpl::replace_tail(uint32_t keep, std::span<const Token> tokens) {
  check_tokens(tokens);
  check_room(keep, tokens.size());
  const std::vector<Token> tail(tokens_.begin() + keep, tokens_.begin() + length_);
  rewind(keep);
  try {
    append(tokens, nullptr);
  } catch (...) {
    std::copy(tail.begin(), tail.end(), tokens_.begin() + keep);
    length_ = keep + static_cast<uint32_t>(tail.size());
    throw;
  }
}

SessionImpl::Next SessionImpl::next() {
  check_nonempty("next");
  check_room(length_, 1);
  Next result{};
  cancellable([&] {
    if (logits_length_ != length_) evaluate(length_, nullptr, cancel_);
    result = draw();
  });
  return result;
}

SessionImpl::Next SessionImpl::draw() {
  const Token token = sampler_.sample(logits_, tokens());
  tokens_[length_] = token;
  arithmetic_[length_] = Arithmetic::generation;
  ++length_;
  return {token, ends(token)};
}

std::span<const float> SessionImpl::logits() {
  check_nonempty("logits");
  if (logits_length_ != length_) {
    // A cancel is for append and next to report. Here it only cuts short what may take long, and
    // stays set.
    const std::atomic<bool> never{false};
    const bool one_token = cached_ + 1 >= length_ && range_at(length_) == cached_range_;
    evaluate(length_, nullptr, one_token ? never : cancel_);
  }
  return logits_;
}

void SessionImpl::rewind(uint32_t position) {
  if (position > length_)
    fail(Code::out_of_range, "rewind: position ", position, " is beyond the ", length_,
         " tokens held");
  length_ = position;
  cached_ = std::min(cached_, position);
  if (logits_length_ > position) logits_length_ = 0;
  if (suspended_ && suspended_->last > position) suspended_.reset();
}

void SessionImpl::check_nonempty(const char* call) const {
  if (length_ == 0)
    fail(Code::invalid_argument, call, ": the session is empty; append at least one token first");
}

void SessionImpl::check_tokens(std::span<const Token> tokens) const {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || static_cast<uint32_t>(tokens[i]) >= vocab_size()) {
      fail(Code::out_of_range, "tokens[", i, "]: ", tokens[i], " is outside the vocabulary of ",
           vocab_size());
    }
  }
}

void SessionImpl::check_room(uint32_t length, size_t more) const {
  if (more > context() - length) {
    fail(Code::context_full, "context: ", length, " of ", context(), " positions are taken, ", more,
         " more do not fit");
  }
}

/// Longrope turns by other frequencies as soon as the whole is longer than the original context.
model::RopeRange SessionImpl::range_at(uint32_t length) const noexcept {
  const weights::ModelConfig& config = decoder_.config();
  return has_longrope(config) && length > config.rope.original_context
             ? model::RopeRange::beyond_original
             : model::RopeRange::within_original;
}

/// Forgets of the cache what an evaluation of tokens_[0, length) cannot use.
void SessionImpl::fit_cache(uint32_t length) {
  if (const model::RopeRange range = range_at(length); range != cached_range_) {
    cached_ = 0;
    cached_range_ = range;
  }
  cached_ = std::min(
      cached_, length - 1);  // the last position is evaluated again if only its logits are missing
}

/// How tokens_[cached_, length) are to be evaluated.
SessionImpl::Arithmetic SessionImpl::arithmetic_to(uint32_t length) const noexcept {
  return cached_ + 1 == length ? arithmetic_[cached_] : Arithmetic::prompt;
}

/// Makes the cache hold tokens_[0, length) and logits_ what follows them.
void SessionImpl::evaluate(uint32_t length, const WantedRows* wanted,
                           const std::atomic<bool>& stop) {
  const RunContext run{threads_, stop};
  logits_length_ = 0;
  fit_cache(length);
  if (suspended_) finish_suspended(length, stop);
  if (logits_length_ == length) return;
  fit_cache(length);

  if (arithmetic_to(length) == Arithmetic::generation) {
    evaluate_token(cached_, logits_.data(), run);
  } else {
    const uint32_t first = cached_;
    const uint32_t rows_from = wanted != nullptr ? wanted->first : first;
    const double split = static_cast<double>(rows_from - first) / (length - first);
    progress_.set_stage(0, split);
    if (rows_from > first) evaluate_span(first, rows_from, nullptr, nullptr, run);
    progress_.set_stage(split, 1);
    evaluate_span(rows_from, length, wanted != nullptr ? wanted->logits : nullptr, logits_.data(),
                  run);
    std::fill(arithmetic_.begin() + first, arithmetic_.begin() + length, Arithmetic::prompt);
  }
  cached_ = length;
  logits_length_ = length;
}

void SessionImpl::evaluate_token(uint32_t position, float* logits, const RunContext& run) {
  decoder_.next({tokens_[position], position, cached_range_, cache_.layers(), logits}, workspace_,
                run);
}

void SessionImpl::evaluate_span(uint32_t first, uint32_t last, float* all_logits,
                                float* last_logits, const RunContext& run) {
  decoder_.append({.tokens = {tokens_.data() + first, last - first},
                   .position = first,
                   .range = cached_range_,
                   .cache = cache_.layers(),
                   .all_logits = all_logits,
                   .last_logits = last_logits,
                   .keep_going = keep_going_ && !run.is_sliced() ? &keep_going_ : nullptr,
                   .precision = precision_},
                  workspace_, run);
}

bool SessionImpl::ends(Token token) const noexcept {
  const auto holds = [token](const std::vector<Token>& tokens) {
    return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
  };
  const Sampling& sampling = sampler_.sampling();
  return holds(sampling.stop_tokens) || (!sampling.ignore_end && holds(end_tokens_));
}

}  // namespace phi::session
