#include "session/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/fail.h"

namespace phi::session {

namespace {

constexpr uint32_t kDefaultPenaltyWindow = 64;
constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr float kHighest = std::numeric_limits<float>::max();
/// Weights are computed so many at a time: enough for vector instructions, few enough that the
/// start of a ranking is all that gets sorted.
constexpr size_t kBlock = 64;

constexpr size_t blocks_of(size_t vocab_size) { return (vocab_size + kBlock - 1) / kBlock; }

/// Truncations to more candidates than this sum by bucket instead of sorting so many.
constexpr size_t kMostRanked = 512;

/// The highest score, NaN left out; minus infinity if there is none.
float highest_of(std::span<const float> scores) noexcept {
  constexpr size_t kLanes = 16;
  std::array<float, kLanes> lanes;
  lanes.fill(kLowest);
  size_t i = 0;
  for (; i + kLanes <= scores.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = scores[i + lane] > lanes[lane] ? scores[i + lane] : lanes[lane];
  }
  for (; i < scores.size(); ++i) lanes[0] = scores[i] > lanes[0] ? scores[i] : lanes[0];
  return *std::max_element(lanes.begin(), lanes.end());
}

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

Sampler::Sampler(uint32_t vocab_size, const Sampling& sampling,
                 const kernels::WeighingKernels& weighing)
    : weighing_(weighing),
      random_(sampling.seed),
      scores_(vocab_size),
      counts_(vocab_size),
      sums_(blocks_of(vocab_size)),
      ranking_(vocab_size),
      buckets_(vocab_size, weighing) {
  set(sampling);
}

uint64_t Sampler::size_bytes(uint32_t vocab_size) noexcept {
  return uint64_t{vocab_size} * (sizeof(float) + sizeof(uint32_t) + Ranking::kBytesPerToken +
                                 ScoreBuckets::kBytesPerToken) +
         uint64_t{blocks_of(vocab_size)} * sizeof(double) + ScoreBuckets::fixed_bytes();
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
  const float highest = highest_of(scores_);
  if (highest == kLowest) return 0;
  return static_cast<Token>(std::find(scores_.begin(), scores_.end(), highest) - scores_.begin());
}

auto Sampler::by_id() const noexcept {
  return [this](size_t id) { return Ranking::Entry{scores_[id], static_cast<Token>(id)}; };
}

auto Sampler::by_rank() noexcept {
  return [this](size_t rank) { return ranking_.at(rank); };
}

Token Sampler::draw() noexcept {
  for (float& score : scores_) {
    const float finite = score < kHighest ? score : kHighest;
    score = score == score ? finite : kLowest;
  }
  highest_ = highest_of(scores_);
  if (highest_ == kLowest) return 0;  // nothing is allowed: as best() would say

  const double uniform = random_.next_uniform();
  const bool cut = (sampling_.top_k > 0 && sampling_.top_k < scores_.size()) ||
                   sampling_.top_p < 1 || sampling_.min_p > 0;
  if (!cut) return draw_from(scores_.size(), by_id(), uniform);
  ranking_.assign(scores_);
  if (const auto candidates = truncate(kMostRanked))
    return draw_from(*candidates, by_rank(), uniform);
  if (const auto token = draw_by_buckets(uniform)) return *token;
  return draw_from(truncate(scores_.size()).value_or(1), by_rank(), uniform);
}

/// How many candidates are left, if that takes no look beyond the first `most`.
std::optional<size_t> Sampler::truncate(size_t most) noexcept {
  std::optional<size_t> candidates = scores_.size();
  if (sampling_.top_k > 0) candidates = std::min<size_t>(*candidates, sampling_.top_k);
  if (sampling_.top_p < 1) candidates = top_p(*candidates, most);
  if (sampling_.min_p > 0 && candidates) candidates = min_p(*candidates, most);
  return candidates && *candidates <= most ? candidates : std::nullopt;
}

std::optional<Token> Sampler::draw_by_buckets(double uniform) noexcept {
  buckets_.assign(scores_, highest_, static_cast<double>(sampling_.temperature));
  if (sampling_.top_k > 0) buckets_.keep_best(sampling_.top_k);
  if (sampling_.top_p < 1 && !buckets_.keep_share(static_cast<double>(sampling_.top_p)))
    return std::nullopt;
  if (sampling_.min_p > 0 && !buckets_.keep_at_least(static_cast<double>(sampling_.min_p)))
    return std::nullopt;
  return buckets_.draw(uniform);
}

/// Calls on_block(i, weights of the candidates from i on) for every block of the candidates
/// [begin, end), until it returns false.
template <class EntryAt, class OnBlock>
void Sampler::for_each_block(size_t begin, size_t end, double temperature, EntryAt entry_at,
                             OnBlock on_block) const noexcept {
  std::array<float, kBlock> scores;
  std::array<double, kBlock> weights;
  for (; begin < end; begin += kBlock) {
    const size_t count = std::min(kBlock, end - begin);
    for (size_t i = 0; i < count; ++i) scores[i] = entry_at(begin + i).score;
    weighing_.weigh(scores.data(), static_cast<int64_t>(count), static_cast<double>(highest_),
                    temperature, weights.data());
    if (!on_block(begin, std::span<const double>(weights.data(), count))) return;
  }
}

/// Runs through the candidates until their summed weight passes a uniform share of the whole.
/// Tokens of weight 0 are never drawn. The sums before each block, kept from the first run, say
/// where the second one may begin.
template <class EntryAt>
Token Sampler::draw_from(size_t candidates, EntryAt entry_at, double uniform) noexcept {
  double total = 0;
  for_each_block(0, candidates, sampling_.temperature, entry_at,
                 [&](size_t begin, std::span<const double> weights) {
                   sums_[begin / kBlock] = total;
                   for (const double weight : weights) total += weight;
                   return true;
                 });
  const double target = uniform * total;
  const auto past = std::upper_bound(
      sums_.begin(), sums_.begin() + static_cast<std::ptrdiff_t>(blocks_of(candidates)), target);
  std::optional<Token> drawn;
  for (auto block = static_cast<size_t>(past - sums_.begin()); block-- > 0 && !drawn;) {
    const size_t first = block * kBlock, last = std::min(candidates, first + kBlock);
    double reached = sums_[block];
    for_each_block(first, last, sampling_.temperature, entry_at,
                   [&](size_t begin, std::span<const double> weights) {
                     for (size_t i = 0; i < weights.size() && reached <= target; ++i) {
                       if (weights[i] > 0) drawn = entry_at(begin + i).token;
                       reached += weights[i];
                     }
                     return true;
                   });
  }
  return drawn.value_or(0);
}

/// The shortest prefix that holds at least the share top_p of the candidates' probability.
std::optional<size_t> Sampler::top_p(size_t candidates, size_t most) noexcept {
  double total = 0;
  const auto add = [&](size_t, std::span<const double> weights) {
    for (const double weight : weights) total += weight;
    return true;
  };
  if (candidates == scores_.size()) {  // in order of id, which needs no sorting
    for_each_block(0, candidates, 1, by_id(), add);
  } else if (candidates <= most) {
    for_each_block(0, candidates, 1, by_rank(), add);
  } else {
    return std::nullopt;
  }
  const double target = static_cast<double>(sampling_.top_p) * total;
  double reached = 0;
  size_t kept = 0;
  for_each_block(0, std::min(candidates, most), 1, by_rank(),
                 [&](size_t begin, std::span<const double> weights) {
                   while (kept < begin + weights.size() && (kept == 0 || reached < target))
                     reached += weights[kept++ - begin];
                   return reached < target;
                 });
  if (kept == most && most < candidates) return std::nullopt;
  return kept;
}

/// The candidates at least min_p times as probable as the best one.
std::optional<size_t> Sampler::min_p(size_t candidates, size_t most) noexcept {
  const double least = sampling_.min_p;
  size_t kept = 1;
  for_each_block(0, std::min(candidates, most), 1, by_rank(),
                 [&](size_t begin, std::span<const double> weights) {
                   while (kept < begin + weights.size() && weights[kept - begin] >= least) ++kept;
                   return kept == begin + weights.size();
                 });
  if (kept == most && most < candidates) return std::nullopt;
  return kept;
}

}  // namespace phi::session
