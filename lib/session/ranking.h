/// Tokens in falling order of score, sorted only as far as somebody asks.
#ifndef PHI_SESSION_RANKING_H_
#define PHI_SESSION_RANKING_H_

#include <cstddef>
#include <span>
#include <vector>

#include "phi/types.h"

namespace phi::session {

/// Ranks a whole vocabulary, ties by rising id. Truncations of a distribution (top-k, top-p, min-p)
/// are then prefixes. Only the part that is looked at gets sorted, in steps that grow: the best 64
/// of 200 000 tokens cost one quick pass over the scores, all of them a radix sort. Allocates when
/// it is made and never again. One thread at a time.
class Ranking {
 public:
  struct Entry {
    float score;
    Token token;
  };
  static constexpr size_t kBytesPerToken = 2 * sizeof(Entry);

  explicit Ranking(size_t vocab_size) : entries_(vocab_size), spare_(vocab_size) {}

  /// Starts over with scores [vocab_size], none of them NaN, which must stay as they are while
  /// entries are asked for.
  void assign(std::span<const float> scores) noexcept;

  /// The entry of that rank, from 0 for the best.
  const Entry& at(size_t rank) noexcept {
    if (rank >= sorted_) sort_beyond(rank);
    return entries_[rank];
  }

  size_t size() const noexcept { return entries_.size(); }

 private:
  void sort_beyond(size_t rank) noexcept;
  void select(size_t count) noexcept;
  void sort_all() noexcept;

  std::span<const float> scores_;
  std::vector<Entry> entries_;
  std::vector<Entry> spare_;  // for sort_all
  size_t sorted_ = 0;         // entries_[0, sorted_) are the best ones, in order
};

/// A total order, so that results do not depend on how a standard library selects and sorts.
inline bool ranks_before(const Ranking::Entry& a, const Ranking::Entry& b) noexcept {
  return a.score > b.score || (a.score == b.score && a.token < b.token);
}

}  // namespace phi::session

#endif  // PHI_SESSION_RANKING_H_
