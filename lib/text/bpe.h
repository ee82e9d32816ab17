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
    uint64_t pair = 0;
    Merge merge;
  };
  struct Place {
    size_t slot;
    uint8_t tag;  // some more bits of the hash, never kFree
  };
  static constexpr uint8_t kFree = 0;
  /// Byte-level vocabularies begin with the bytes: their pairs, the most frequent by far, are found
  /// without hashing.
  static constexpr uint32_t kDense = 256;

  Place place_of(uint64_t pair) const noexcept;

  std::vector<Merge> dense_;   // [kDense, kDense]: of the pairs of the lowest ids
  std::vector<uint8_t> tags_;  // a power of two, at most half of them taken; small enough to stay
                               // in a near cache, where it answers most searches that find nothing
  std::vector<Slot> slots_;    // one for each tag
  int shift_;                  // of a hash, so that its highest bits choose a slot
};

}  // namespace phi::text

#endif  // PHI_TEXT_BPE_H_
