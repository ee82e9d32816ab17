/// Byte-pair merging: of all neighbours that may merge, those of the lowest rank do, the leftmost
/// first, until none may.
#ifndef PHI_TEXT_BPE_H_
#define PHI_TEXT_BPE_H_

#include <cstdint>
#include <vector>

#include "phi/types.h"

namespace phi::text {

/// Which pairs of tokens merge, when, and into what: a flat hash table. Immutable after the last
/// insert; then thread-safe.
class MergeTable {
 public:
  static constexpr uint32_t kNever = UINT32_MAX;
  struct Merge {
    uint32_t rank = kNever;  ///< lower merges earlier; equal ranks merge from left to right
    Token result = -1;
  };

  /// Room for `merges` pairs.
  explicit MergeTable(size_t merges);

  /// The last insert of a pair counts.
  void insert(Token left, Token right, Merge merge);
  /// rank kNever if the pair does not merge.
  Merge find(Token left, Token right) const noexcept;

  /// Merges symbols[begin..] in place; the vector shrinks. O(n log n). At most 2^31 symbols.
  void apply(std::vector<Token>& symbols, size_t begin) const;

 private:
  struct Slot {
    uint64_t pair = kFree;
    Merge merge;
  };
  static constexpr uint64_t kFree = ~uint64_t{0};

  size_t slot_of(uint64_t pair) const noexcept;
  size_t apply_short(Token* symbols, size_t count) const;
  size_t apply_long(Token* symbols, size_t count) const;

  std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

}  // namespace phi::text

#endif  // PHI_TEXT_BPE_H_
