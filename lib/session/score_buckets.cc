#include "session/score_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace phi::session {

namespace {

constexpr size_t kBlock = 64;

/// Scores so far below the highest, in units of the larger of 1 and the temperature, share a
/// bucket: together they weigh less than one of the highest.
constexpr float kRange = 40;

/// The lowest score, but not less than `least`.
float lowest_of(std::span<const float> scores, float least) noexcept {
  constexpr size_t kLanes = 16;
  std::array<float, kLanes> lanes;
  lanes.fill(std::numeric_limits<float>::max());
  size_t i = 0;
  for (; i + kLanes <= scores.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = scores[i + lane] < lanes[lane] ? scores[i + lane] : lanes[lane];
  }
  for (; i < scores.size(); ++i) lanes[0] = std::min(lanes[0], scores[i]);
  return std::max(least, *std::min_element(lanes.begin(), lanes.end()));
}

/// Without an early end, so that a compiler can look at several at once.
bool any_of_block(const uint16_t* places, size_t bucket) noexcept {
  uint32_t found = 0;
  for (size_t i = 0; i < kBlock; ++i) found |= places[i] == bucket ? 1u : 0u;
  return found != 0;
}

}  // namespace

ScoreBuckets::ScoreBuckets(size_t vocab_size, const kernels::WeighingKernels& weighing)
    : weighing_(weighing),
      places_((vocab_size + kBlock - 1) / kBlock * kBlock, uint16_t{kBuckets}),
      buckets_(kBuckets),
      sorted_(kMostSorted),
      sorted_scores_(kMostSorted),
      weights_(kMostSorted) {}

uint64_t ScoreBuckets::fixed_bytes() noexcept {
  return kBuckets * sizeof(Bucket) + kBlock * sizeof(uint16_t) +
         kMostSorted * (sizeof(Ranking::Entry) + sizeof(float) + sizeof(double));
}

/// Rises, or stays, as the score falls.
size_t ScoreBuckets::bucket_of(float score) const noexcept {
  const float below = highest_ - score;
  return static_cast<size_t>(
      static_cast<int32_t>((below < range_ ? below : range_) * buckets_per_unit_));
}

void ScoreBuckets::assign(std::span<const float> scores, float highest,
                          double temperature) noexcept {
  scores_ = scores;
  highest_ = highest;
  temperature_ = temperature;
  const float widest = kRange * std::clamp(static_cast<float>(temperature), 1.0F, 1e6F);
  range_ = std::min(widest, highest - lowest_of(scores, highest - widest));
  buckets_per_unit_ = range_ > 0 ? (static_cast<float>(kBuckets) - 0.5F) / range_ : 0.0F;
  if (!std::isfinite(buckets_per_unit_)) buckets_per_unit_ = 0;
  cut_ = {kBuckets, 0};
  std::fill(buckets_.begin(), buckets_.end(), Bucket{});

  std::array<double, kBlock> plain, tempered;
  for (size_t begin = 0; begin < scores.size(); begin += kBlock) {
    const size_t count = std::min(kBlock, scores.size() - begin);
    const float* block = scores.data() + begin;
    weighing_.weigh(block, static_cast<int64_t>(count), highest, 1, plain.data());
    if (temperature == 1) {
      tempered = plain;
    } else {
      weighing_.weigh(block, static_cast<int64_t>(count), highest, temperature, tempered.data());
    }
    for (size_t i = 0; i < count; ++i)
      places_[begin + i] = static_cast<uint16_t>(bucket_of(block[i]));
    for (size_t i = 0; i < count; ++i) {
      Bucket& bucket = buckets_[places_[begin + i]];
      ++bucket.count;
      bucket.sums[0] += plain[i];
      bucket.sums[1] += tempered[i];
    }
  }
}

size_t ScoreBuckets::candidates_of(size_t bucket) const noexcept {
  return bucket < cut_.bucket ? buckets_[bucket].count : cut_.within;
}

/// Puts a bucket's tokens in order, with their weights.
bool ScoreBuckets::sort(size_t bucket, Kind kind) noexcept {
  if (buckets_[bucket].count > kMostSorted) return false;
  sorted_count_ = 0;
  for (size_t begin = 0; begin < places_.size(); begin += kBlock) {
    if (!any_of_block(&places_[begin], bucket)) continue;
    for (size_t id = begin; id < begin + kBlock; ++id) {
      if (places_[id] == bucket) sorted_[sorted_count_++] = {scores_[id], static_cast<Token>(id)};
    }
  }
  const auto end = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_count_);
  std::sort(sorted_.begin(), end, ranks_before);
  for (size_t i = 0; i < sorted_count_; ++i) sorted_scores_[i] = sorted_[i].score;
  weighing_.weigh(sorted_scores_.data(), static_cast<int64_t>(sorted_count_), highest_,
                  kind == Kind::plain ? 1 : temperature_, weights_.data());
  return true;
}

std::optional<double> ScoreBuckets::total(Kind kind) noexcept {
  double sum = 0;
  for (size_t bucket = 0; bucket < cut_.bucket; ++bucket)
    sum += buckets_[bucket].sums[static_cast<size_t>(kind)];
  if (cut_.within == 0) return sum;
  if (!sort(cut_.bucket, kind)) return std::nullopt;
  for (size_t i = 0; i < cut_.within; ++i) sum += weights_[i];
  return sum;
}

/// How far a sum in another order can be from the specified one.
double ScoreBuckets::doubt(double sum) const noexcept {
  return 4 * std::numeric_limits<double>::epsilon() * static_cast<double>(scores_.size()) * sum;
}

/// The first candidate with which the summed weight passes.
template <class Passes>
std::optional<ScoreBuckets::Crossing> ScoreBuckets::cross(Kind kind, Passes passes) noexcept {
  double sum = 0;
  for (size_t bucket = 0; bucket < kBuckets && bucket <= cut_.bucket; ++bucket) {
    const double whole = buckets_[bucket].sums[static_cast<size_t>(kind)];
    if (candidates_of(bucket) == 0) continue;
    if (!passes(sum + whole)) {
      sum += whole;
      continue;
    }
    if (!sort(bucket, kind)) return std::nullopt;
    for (size_t i = 0; i < candidates_of(bucket); ++i) {
      const double before = sum;
      sum += weights_[i];
      if (passes(sum)) return Crossing{{bucket, i}, before, sum};
    }
  }
  return std::nullopt;
}

void ScoreBuckets::keep_best(size_t count) noexcept {
  size_t bucket = 0;
  for (; bucket < kBuckets && buckets_[bucket].count <= count; ++bucket)
    count -= buckets_[bucket].count;
  cut_ = {bucket, bucket < kBuckets ? count : 0};
}

bool ScoreBuckets::keep_share(double share) noexcept {
  const std::optional<double> all = total(Kind::plain);
  if (!all) return false;
  const double target = share * *all, margin = 2 * doubt(*all);
  const auto crossing = cross(Kind::plain, [target](double sum) { return sum >= target; });
  if (!crossing || crossing->with < target + margin) return false;
  const bool is_first = crossing->before == 0;
  if (!is_first && crossing->before > target - margin) return false;
  cut_ = {crossing->at.bucket, crossing->at.within + 1};
  return true;
}

bool ScoreBuckets::keep_at_least(double weight) noexcept {
  // A bucket earlier than logarithms say, so that their rounding does not matter.
  size_t bucket = bucket_of(highest_ + static_cast<float>(std::log(weight)));
  bucket = bucket == 0 || range_ < 1e-3F ? 0 : bucket - 1;
  for (; bucket < kBuckets && bucket <= cut_.bucket; ++bucket) {
    const size_t candidates = candidates_of(bucket);
    if (candidates == 0) continue;
    if (!sort(bucket, Kind::plain)) return false;
    for (size_t i = 0; i < candidates; ++i) {
      if (weights_[i] >= weight) continue;
      cut_ = {bucket, i};
      return true;
    }
  }
  return true;
}

std::optional<Token> ScoreBuckets::draw(double uniform) noexcept {
  const std::optional<double> all = total(Kind::tempered);
  if (!all) return std::nullopt;
  const double target = uniform * *all, margin = 2 * doubt(*all);
  const auto crossing = cross(Kind::tempered, [target](double sum) { return sum > target; });
  if (!crossing || crossing->with <= target + margin) return std::nullopt;
  const bool is_first = crossing->before == 0;
  if (!is_first && crossing->before > target - margin) return std::nullopt;
  return sorted_[crossing->at.within].token;
}

}  // namespace phi::session
