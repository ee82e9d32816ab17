#include "text/bpe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "base/fail.h"

namespace phi::text {
namespace {

uint64_t pair_of(Token left, Token right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

constexpr uint64_t kNoKey = UINT64_MAX;
constexpr size_t kFan = 8;  // keys to a cache line

constexpr size_t padded(size_t count) { return (count + kFan - 1) / kFan * kFan; }

/// Keys that a tournament needs for `count` places.
constexpr size_t tournament_size(size_t count) {
  size_t size = padded(count);
  for (size_t level = size; level > kFan; size += level) level = padded(level / kFan);
  return size;
}

/// Finds the smallest of many keys that change one at a time: above every kFan keys stands the
/// smallest of them, up to the last kFan.
class Tournament {
 public:
  /// The keys of the `count` places are the first of `keys` [tournament_size(count)].
  Tournament(std::span<uint64_t> keys, size_t count) : keys_(keys.data()) {
    std::fill(keys_ + count, keys_ + padded(count), kNoKey);
    uint64_t* level = keys_;
    size_t size = padded(count);
    while (size > kFan) {
      uint64_t* const above = level + size;
      const size_t blocks = size / kFan;
      for (size_t block = 0; block < blocks; ++block) above[block] = least(level + block * kFan);
      size = padded(blocks);
      std::fill(above + blocks, above + size, kNoKey);
      level = above;
    }
    top_ = level;
    leaves_ = padded(count);
  }

  uint64_t winner() const { return least(top_); }

  /// To be called after the keys around `place` have changed.
  void replay(size_t place) {
    uint64_t* level = keys_;
    for (size_t size = leaves_; level != top_; size = padded(size / kFan)) {
      uint64_t* const above = level + size;
      const size_t block = place / kFan;
      const uint64_t smallest = least(level + block * kFan);
      if (above[block] == smallest) return;
      above[block] = smallest;
      level = above;
      place = block;
    }
  }

 private:
  static uint64_t least(const uint64_t* keys) {
    const auto of_two = [](uint64_t a, uint64_t b) { return a < b ? a : b; };
    return of_two(of_two(of_two(keys[0], keys[1]), of_two(keys[2], keys[3])),
                  of_two(of_two(keys[4], keys[5]), of_two(keys[6], keys[7])));
  }

  uint64_t* keys_;
  uint64_t* top_;
  size_t leaves_;
};

/// What a merge needs to know of a symbol beside its token and the key of the pair that it begins.
struct Neighbours {
  uint32_t previous, next;
  Token merged;  // what the pair becomes
};

/// Merges `symbols` in place and returns how many are left. `keys` and `around` are scratch: rank
/// and place of a pair in one number, so that the smallest is next; [tournament_size(count)], and
/// [count].
size_t merge(const MergeTable& table, std::span<Token> symbols, std::span<uint64_t> keys,
             std::span<Neighbours> around) {
  const auto count = static_cast<uint32_t>(symbols.size());
  const auto judge = [&](uint32_t left, uint32_t right) {
    const MergeTable::Merge merge = table.find(symbols[left], symbols[right]);
    around[left].merged = merge.result;
    keys[left] =
        merge.rank == MergeTable::kNever ? kNoKey : static_cast<uint64_t>(merge.rank) << 32 | left;
  };
  for (uint32_t i = 0; i < count; ++i) {
    around[i].previous = i - 1;  // of the first: wraps around, and is never looked at
    around[i].next = i + 1;
    if (i + 1 < count) judge(i, i + 1);
  }
  keys[count - 1] = kNoKey;
  Tournament tournament(keys, count);
  for (uint64_t key = tournament.winner(); key != kNoKey; key = tournament.winner()) {
    const auto at = static_cast<uint32_t>(key);
    const uint32_t gone = around[at].next, next = around[gone].next;
    symbols[at] = around[at].merged;
    around[at].next = next;
    keys[at] = keys[gone] = kNoKey;
    if (next < count) {
      around[next].previous = at;
      judge(at, next);
    }
    tournament.replay(at);
    if (gone / kFan != at / kFan) tournament.replay(gone);
    if (at == 0) continue;
    const uint32_t previous = around[at].previous;
    judge(previous, at);
    tournament.replay(previous);
  }
  size_t left = 0;
  for (uint32_t i = 0; i < count; i = around[i].next) symbols[left++] = symbols[i];
  return left;
}

}  // namespace

MergeTable::MergeTable(size_t merges)
    : dense_(kDense * kDense),
      tags_(std::bit_ceil(2 * merges + 2), kFree),
      slots_(tags_.size()),
      shift_(64 - std::countr_zero(tags_.size())) {}

MergeTable::Place MergeTable::place_of(uint64_t pair) const noexcept {
  const uint64_t mixed = (pair ^ pair >> 32) * 0x9E3779B97F4A7C15u;
  const size_t mask = tags_.size() - 1;
  const auto tag = static_cast<uint8_t>(mixed >> (shift_ - 8) | 1);
  size_t at = static_cast<size_t>(mixed >> shift_);
  while (tags_[at] != kFree && (tags_[at] != tag || slots_[at].pair != pair)) at = (at + 1) & mask;
  return {at, tag};
}

void MergeTable::insert(Token left, Token right, Merge merge) {
  const uint64_t pair = pair_of(left, right);
  const Place place = place_of(pair);
  tags_[place.slot] = place.tag;
  slots_[place.slot] = {pair, merge};
  if (static_cast<uint32_t>(left | right) < kDense)
    dense_[static_cast<uint32_t>(left) * kDense + static_cast<uint32_t>(right)] = merge;
}

MergeTable::Merge MergeTable::find(Token left, Token right) const noexcept {
  const auto first = static_cast<uint32_t>(left), second = static_cast<uint32_t>(right);
  if ((first | second) < kDense) return dense_[first * kDense + second];
  const size_t slot = place_of(pair_of(left, right)).slot;
  return tags_[slot] == kFree ? Merge{} : slots_[slot].merge;
}

void MergeTable::apply(std::vector<Token>& symbols, size_t begin) const {
  const std::span<Token> piece = std::span(symbols).subspan(begin);
  if (piece.size() < 2) return;
  if (piece.size() >> 31)
    fail(Code::unsupported, "a piece of ", piece.size(), " symbols is too long to merge");
  constexpr size_t kShort = 128;  // whose scratch fits on the stack
  size_t left;
  if (piece.size() <= kShort) {
    uint64_t keys[tournament_size(kShort)];
    Neighbours around[kShort];
    left = merge(*this, piece, keys, around);
  } else {
    std::vector<uint64_t> keys(tournament_size(piece.size()));
    std::vector<Neighbours> around(piece.size());
    left = merge(*this, piece, keys, around);
  }
  symbols.resize(begin + left);
}

}  // namespace phi::text
