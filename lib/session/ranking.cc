#include "session/ranking.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

namespace phi::session {

namespace {

/// Without an early end, so that a compiler can look at several at once.
bool any_above(std::span<const float> scores, float threshold) noexcept {
  uint32_t above = 0;
  for (const float score : scores) above |= score > threshold ? 1u : 0u;
  return above != 0;
}

/// Rises as the score falls; the same for the two zeros.
uint32_t radix_key(float score) noexcept {
  const auto bits = std::bit_cast<uint32_t>(score + 0.0f);
  return bits >> 31 ? bits : ~bits & 0x7FFFFFFFu;
}

}  // namespace

void Ranking::assign(std::span<const float> scores) noexcept {
  scores_ = scores;
  sorted_ = 0;
}

void Ranking::sort_beyond(size_t rank) noexcept {
  constexpr size_t kFirstStep = 64, kGrowth = 8;
  constexpr size_t kShare = 64;  // of the vocabulary: beyond it sorting everything takes less time
  while (sorted_ <= rank) {
    const size_t end = std::max(kFirstStep, kGrowth * sorted_);
    if (end < entries_.size() / kShare) {
      select(end - sorted_);
    } else {
      sort_all();
    }
  }
}

/// Sorts the `count` best entries beyond those that are sorted already. Keeps the best so far, up
/// to twice as many as needed; the worst that is still needed is what others have to beat. As ids
/// rise, an equal score does not.
void Ranking::select(size_t count) noexcept {
  constexpr size_t kBlock = 64;
  Entry* const best = entries_.data() + sorted_;
  size_t held = 0;
  bool has_threshold = false;
  float threshold = 0;
  const auto thin_out = [&] {
    std::nth_element(best, best + count - 1, best + held, ranks_before);
    held = count;
    threshold = best[count - 1].score;
    has_threshold = true;
  };
  for (size_t begin = 0; begin < scores_.size(); begin += kBlock) {
    const auto block = scores_.subspan(begin, std::min(kBlock, scores_.size() - begin));
    if (has_threshold && !any_above(block, threshold)) continue;
    for (size_t i = 0; i < block.size(); ++i) {
      const Entry entry = {block[i], static_cast<Token>(begin + i)};
      if (has_threshold && !(entry.score > threshold)) continue;
      if (sorted_ > 0 && !ranks_before(entries_[sorted_ - 1], entry)) continue;
      best[held++] = entry;
      if (held == 2 * count) thin_out();
    }
  }
  if (held > count) thin_out();
  std::sort(best, best + held, ranks_before);
  sorted_ += held;
}

/// Radix sort, least significant digits first: stable, so that equal scores stay in order of id.
void Ranking::sort_all() noexcept {
  constexpr uint32_t kBits = 11, kDigits = 1u << kBits;
  constexpr auto digit = [](float score, uint32_t pass) {
    return radix_key(score) >> kBits * pass & (kDigits - 1);
  };
  std::array<std::array<uint32_t, kDigits>, 3> places{};
  for (const float score : scores_) {
    for (uint32_t pass = 0; pass < places.size(); ++pass) ++places[pass][digit(score, pass)];
  }
  for (auto& counts : places) {
    uint32_t before = 0;
    for (uint32_t& count : counts) before += std::exchange(count, before);
  }
  for (size_t i = 0; i < scores_.size(); ++i) {
    entries_[places[0][digit(scores_[i], 0)]++] = {scores_[i], static_cast<Token>(i)};
  }
  for (const Entry& entry : entries_) spare_[places[1][digit(entry.score, 1)]++] = entry;
  for (const Entry& entry : spare_) entries_[places[2][digit(entry.score, 2)]++] = entry;
  sorted_ = entries_.size();
}

}  // namespace phi::session
