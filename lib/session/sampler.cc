#include "session/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/fail.h"
#include "session/exponential.h"

namespace phi::session {

namespace {

constexpr uint32_t kDefaultPenaltyWindow = 64;
constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr float kHighest = std::numeric_limits<float>::max();

void check_finite(const char* name, float value) {
  if (!std::isfinite(value))
    fail(Code::invalid_argument, "sampling.", name, ": ", value, " is not a finite number");
}

void check_range(const char* name, float value, float low, float high) {
  check_finite(name, value);
  if (value < low || value > high) {
    fail(Code::invalid_argument, "sampling.", name, ": ", value, " is outside ", low, "..", high);
  }
}

void check_not_negative(const char* name, float value) {
  check_finite(name, value);
  if (value < 0) fail(Code::invalid_argument, "sampling.", name, ": ", value, " is negative");
}

void check_token(const char* name, size_t index, Token token, uint32_t vocab_size) {
  if (token < 0 || static_cast<uint32_t>(token) >= vocab_size) {
    fail(Code::out_of_range, "sampling.", name, "[", index, "]: token ", token,
         " is outside the vocabulary of ", vocab_size);
  }
}

void check(const Sampling& sampling, uint32_t vocab_size) {
  check_not_negative("temperature", sampling.temperature);
  check_range("top_p", sampling.top_p, 0, 1);
  check_range("min_p", sampling.min_p, 0, 1);
  check_not_negative("repeat_penalty", sampling.repeat_penalty);
  check_finite("presence_penalty", sampling.presence_penalty);
  check_finite("frequency_penalty", sampling.frequency_penalty);
  for (size_t i = 0; i < sampling.bias.size(); ++i) {
    check_token("bias", i, sampling.bias[i].first, vocab_size);
    if (std::isnan(sampling.bias[i].second))
      fail(Code::invalid_argument, "sampling.bias[", i, "]: not a number");
  }
  for (size_t i = 0; i < sampling.stop_tokens.size(); ++i) {
    check_token("stop_tokens", i, sampling.stop_tokens[i], vocab_size);
  }
}

}  // namespace

Sampler::Sampler(uint32_t vocab_size, const Sampling& sampling)
    : random_(sampling.seed), scores_(vocab_size), counts_(vocab_size), ranking_(vocab_size) {
  set(sampling);
}

uint64_t Sampler::size_bytes(uint32_t vocab_size) noexcept {
  return uint64_t{vocab_size} * (sizeof(float) + sizeof(uint32_t) + sizeof(Ranking::Entry));
}

void Sampler::set(const Sampling& sampling) {
  check(sampling, static_cast<uint32_t>(scores_.size()));
  Sampling copy = sampling;
  if (copy.repeat_penalty == 0) copy.repeat_penalty = 1;
  if (copy.top_p == 0) copy.top_p = 1;
  if (copy.penalty_window == 0) copy.penalty_window = kDefaultPenaltyWindow;
  sampling_ = std::move(copy);
  random_ = Random(sampling_.seed);
}

Token Sampler::sample(std::span<const float> logits, std::span<const Token> history) noexcept {
  std::copy_n(logits.begin(), scores_.size(), scores_.begin());
  for (const auto& [token, bias] : sampling_.bias) scores_[static_cast<size_t>(token)] += bias;
  penalize(history);
  return sampling_.temperature == 0 ? best() : draw();
}

/// repeat: as in the CTRL paper (arXiv 1909.05858) and everywhere since, once per distinct token;
/// presence and frequency: as in OpenAI's API.
void Sampler::penalize(std::span<const Token> history) noexcept {
  const bool off = sampling_.repeat_penalty == 1 && sampling_.presence_penalty == 0 &&
                   sampling_.frequency_penalty == 0;
  if (off) return;
  const auto window = history.last(std::min<size_t>(history.size(), sampling_.penalty_window));
  for (const Token token : window) ++counts_[static_cast<size_t>(token)];
  for (const Token token : window) {
    uint32_t& count = counts_[static_cast<size_t>(token)];
    if (count == 0) continue;  // seen already
    float& score = scores_[static_cast<size_t>(token)];
    score = score > 0 ? score / sampling_.repeat_penalty : score * sampling_.repeat_penalty;
    score -= sampling_.presence_penalty + static_cast<float>(count) * sampling_.frequency_penalty;
    count = 0;
  }
}

Token Sampler::best() const noexcept {
  size_t best = 0;
  float highest = kLowest;
  for (size_t i = 0; i < scores_.size(); ++i) {
    if (scores_[i] > highest) {  // false for NaN, and for the later one of two equals
      best = i;
      highest = scores_[i];
    }
  }
  return static_cast<Token>(best);
}

Token Sampler::draw() noexcept {
  for (float& score : scores_) score = std::isnan(score) ? kLowest : std::min(score, kHighest);
  highest_ = *std::max_element(scores_.begin(), scores_.end());
  if (highest_ == kLowest) return 0;  // nothing is allowed: as best() would say

  size_t candidates = scores_.size();
  const bool cut = (sampling_.top_k > 0 && sampling_.top_k < candidates) || sampling_.top_p < 1 ||
                   sampling_.min_p > 0;
  if (!cut)
    return draw_from(candidates, [this](size_t i) {
      return Ranking::Entry{scores_[i], static_cast<Token>(i)};
    });

  ranking_.assign(scores_);
  if (sampling_.top_k > 0) candidates = std::min<size_t>(candidates, sampling_.top_k);
  if (sampling_.top_p < 1) candidates = top_p(candidates);
  if (sampling_.min_p > 0) candidates = min_p(candidates);
  return draw_from(candidates, [this](size_t rank) { return ranking_.at(rank); });
}

/// Runs through the candidates until their summed weight passes a uniform share of the whole.
/// Tokens of weight 0 are never drawn.
template <class EntryAt>
Token Sampler::draw_from(size_t candidates, EntryAt entry_at) noexcept {
  double total = 0;
  for (size_t i = 0; i < candidates; ++i) total += weight(entry_at(i).score, sampling_.temperature);
  const double target = random_.next_uniform() * total;
  Token drawn = 0;
  double reached = 0;
  for (size_t i = 0; i < candidates && reached <= target; ++i) {
    const Ranking::Entry entry = entry_at(i);
    const double share = weight(entry.score, sampling_.temperature);
    if (share > 0) drawn = entry.token;
    reached += share;
  }
  return drawn;
}

double Sampler::weight(float score, double temperature) const noexcept {
  return exp_nonpositive((static_cast<double>(score) - static_cast<double>(highest_)) /
                         temperature);
}

/// The shortest prefix that holds at least the share top_p of the candidates' probability.
size_t Sampler::top_p(size_t candidates) noexcept {
  double total = 0;
  if (candidates == scores_.size()) {  // in order of id, which needs no sorting
    for (const float score : scores_) total += weight(score, 1);
  } else {
    for (size_t rank = 0; rank < candidates; ++rank) total += weight(ranking_.at(rank).score, 1);
  }
  const double target = static_cast<double>(sampling_.top_p) * total;
  double reached = 0;
  size_t kept = 0;
  while (kept < candidates && (kept == 0 || reached < target))
    reached += weight(ranking_.at(kept++).score, 1);
  return kept;
}

/// The candidates at least min_p times as probable as the best one.
size_t Sampler::min_p(size_t candidates) noexcept {
  const double least = sampling_.min_p;
  size_t kept = 1;
  while (kept < candidates && weight(ranking_.at(kept).score, 1) >= least) ++kept;
  return kept;
}

}  // namespace phi::session
