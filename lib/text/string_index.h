/// From spelling to token id: a flat hash table over strings that live elsewhere.
#ifndef PHI_TEXT_STRING_INDEX_H_
#define PHI_TEXT_STRING_INDEX_H_

#include <string_view>
#include <vector>

#include "phi/types.h"

namespace phi::text {

/// The strings must outlive the index. Immutable after the last insert; then any thread may search.
class StringIndex {
 public:
  explicit StringIndex(size_t strings);

  /// A string that is already there keeps its token. At most as many inserts as announced.
  void insert(std::string_view text, Token token);
  /// -1 if there is no such string.
  Token find(std::string_view text) const noexcept;

 private:
  struct Slot {
    std::string_view text;
    Token token = -1;  // -1: free
  };
  const Slot& slot_of(std::string_view text) const noexcept;

  std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

}  // namespace phi::text

#endif  // PHI_TEXT_STRING_INDEX_H_
