/// From a piece of text to the one token that it is, if it is one.
#ifndef PHI_TEXT_PIECE_INDEX_H_
#define PHI_TEXT_PIECE_INDEX_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "phi/types.h"
#include "text/string_index.h"

namespace phi::text {

/// A StringIndex made for the inner loop of encoding: short strings, nearly all of them, lie in the
/// table itself, so that a search touches one cache line. Immutable after the last insert; then any
/// thread may search.
class PieceIndex {
 public:
  /// Room for `pieces` strings.
  explicit PieceIndex(size_t pieces);

  /// `piece` is not empty and outlives the index. One that is already there keeps its token.
  void insert(std::string_view piece, Token token);

  /// -1 if there is no such piece.
  Token find(std::string_view piece) const noexcept;

 private:
  static constexpr size_t kShort = 11;

  /// The bytes of a short string and its length; different for different strings.
  struct Key {
    uint64_t low = 0;
    uint32_t high = 0;
  };
  struct Slot {
    uint64_t low = 0;
    uint32_t high = 0;
    Token token = -1;  // -1: free
  };

  static Key key_of(std::string_view piece) noexcept;
  size_t slot_of(Key key) const noexcept;

  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  int shift_;                // of a hash, so that its highest bits choose a slot
  StringIndex long_;
  size_t longest_ = 0;
};

}  // namespace phi::text

#endif  // PHI_TEXT_PIECE_INDEX_H_
