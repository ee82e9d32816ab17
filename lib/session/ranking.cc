#include "session/ranking.h"

#include <algorithm>

namespace phi::session {

namespace {

/// A total order, so that the result does not depend on how a standard library selects and sorts.
bool ranks_before(const Ranking::Entry& a, const Ranking::Entry& b) noexcept {
  return a.score > b.score || (a.score == b.score && a.token < b.token);
}

}  // namespace

void Ranking::assign(std::span<const float> scores) noexcept {
  for (size_t i = 0; i < entries_.size(); ++i) entries_[i] = {scores[i], static_cast<Token>(i)};
  sorted_ = 0;
}

void Ranking::sort_beyond(size_t rank) noexcept {
  constexpr size_t kFirstStep = 64;
  const auto at = [this](size_t i) { return entries_.begin() + static_cast<std::ptrdiff_t>(i); };
  while (sorted_ <= rank) {
    const size_t end = std::min(entries_.size(), sorted_ + std::max(kFirstStep, 3 * sorted_));
    if (end < entries_.size()) std::nth_element(at(sorted_), at(end), entries_.end(), ranks_before);
    std::sort(at(sorted_), at(end), ranks_before);
    sorted_ = end;
  }
}

}  // namespace phi::session
