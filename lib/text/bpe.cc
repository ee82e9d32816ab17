#include "text/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>

#include "base/fail.h"

namespace phi::text {
namespace {

/// Up to here looking at every pair again after each merge is quicker than keeping a heap.
constexpr size_t kShort = 48;

uint64_t pair_of(Token left, Token right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

MergeTable::MergeTable(size_t merges) : slots_(std::bit_ceil(2 * merges + 1)) {}

size_t MergeTable::slot_of(uint64_t pair) const noexcept {
  const size_t mask = slots_.size() - 1;
  const uint64_t mixed = pair * 0x9E3779B97F4A7C15u;
  size_t at = static_cast<size_t>(mixed ^ mixed >> 32) & mask;
  while (slots_[at].pair != pair && slots_[at].pair != kFree) at = (at + 1) & mask;
  return at;
}

void MergeTable::insert(Token left, Token right, Merge merge) {
  const uint64_t pair = pair_of(left, right);
  slots_[slot_of(pair)] = {pair, merge};
}

MergeTable::Merge MergeTable::find(Token left, Token right) const noexcept {
  return slots_[slot_of(pair_of(left, right))].merge;
}

void MergeTable::apply(std::vector<Token>& symbols, size_t begin) const {
  const size_t count = symbols.size() - begin;
  if (count < 2) return;
  if (count >> 31) fail(Code::unsupported, "a piece of ", count, " symbols is too long to merge");
  const size_t left = count <= kShort ? apply_short(symbols.data() + begin, count)
                                      : apply_long(symbols.data() + begin, count);
  symbols.resize(begin + left);
}

size_t MergeTable::apply_short(Token* symbols, size_t count) const {
  Merge merges[kShort];  // merges[i]: of symbols i and i + 1
  for (size_t i = 0; i + 1 < count; ++i) merges[i] = find(symbols[i], symbols[i + 1]);
  while (count > 1) {
    const auto by_rank = [](const Merge& a, const Merge& b) { return a.rank < b.rank; };
    Merge* const best = std::min_element(merges, merges + count - 1, by_rank);
    if (best->rank == kNever) break;
    const auto at = static_cast<size_t>(best - merges);
    symbols[at] = best->result;
    std::copy(symbols + at + 2, symbols + count, symbols + at + 1);
    std::copy(merges + at + 1, merges + count - 1, merges + at);
    --count;
    if (at > 0) merges[at - 1] = find(symbols[at - 1], symbols[at]);
    if (at + 1 < count) merges[at] = find(symbols[at], symbols[at + 1]);
  }
  return count;
}

size_t MergeTable::apply_long(Token* symbols, size_t count) const {
  constexpr uint32_t kEnd = UINT32_MAX;
  constexpr Token kGone = -1;
  struct Links {
    uint32_t previous, next;
  };
  std::vector<Links> links(count);
  for (uint32_t i = 0; i < count; ++i) links[i] = {i ? i - 1 : kEnd, i + 1 < count ? i + 1 : kEnd};

  // A candidate is a rank and the place of its left symbol in one number, so that the smallest is
  // next. Merges leave stale candidates behind; one is valid as long as the pair at its place still
  // has its rank.
  const auto merge_at = [&](uint32_t at) {
    return symbols[at] == kGone || links[at].next == kEnd
               ? Merge{}
               : find(symbols[at], symbols[links[at].next]);
  };
  const auto candidate = [](uint32_t rank, uint32_t at) {
    return static_cast<uint64_t>(rank) << 32 | at;
  };
  std::vector<uint64_t> first;
  for (uint32_t i = 0; i + 1 < count; ++i) {
    if (const Merge merge = merge_at(i); merge.rank != kNever)
      first.push_back(candidate(merge.rank, i));
  }
  std::priority_queue queue(std::greater<uint64_t>(), std::move(first));

  while (!queue.empty()) {
    const uint64_t top = queue.top();
    queue.pop();
    const auto at = static_cast<uint32_t>(top);
    const Merge merge = merge_at(at);
    if (merge.rank != top >> 32) continue;
    const uint32_t right = links[at].next;
    symbols[at] = merge.result;
    symbols[right] = kGone;
    links[at].next = links[right].next;
    if (links[at].next != kEnd) links[links[at].next].previous = at;
    const auto push = [&](uint32_t place) {
      if (const Merge next = merge_at(place); next.rank != kNever)
        queue.push(candidate(next.rank, place));
    };
    push(at);
    if (links[at].previous != kEnd) push(links[at].previous);
  }
  return static_cast<size_t>(std::remove(symbols, symbols + count, kGone) - symbols);
}

}  // namespace phi::text
