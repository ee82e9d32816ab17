/// Finding stop strings in text that comes in pieces.
#ifndef PHI_API_STOP_MATCHER_H_
#define PHI_API_STOP_MATCHER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace phi::detail {

/// Releases text as soon as it cannot be part of a stop string. The stop string that is complete
/// first ends the text, the longest one if several end with the same byte; how the text was cut
/// into pieces makes no difference. One Knuth-Morris-Pratt automaton for each stop string: a byte
/// costs O(1) for each of them. One thread.
class StopMatcher {
 public:
  /// Error{invalid_argument} for an empty stop string. Pieces of up to most_piece_bytes need no
  /// further memory.
  explicit StopMatcher(const std::vector<std::string>& stops, size_t most_piece_bytes = 0);

  /// The most that push() and flush() can give at once for such pieces.
  size_t most_held_bytes() const noexcept { return held_.capacity(); }

  /// Appends to `out` what can be shown. true: a stop string is complete, and `out` ends before it;
  /// reset() comes next.
  bool push(std::string_view text, std::string& out);

  /// Appends what was held back, and starts over.
  void flush(std::string& out);

  void reset() noexcept;

 private:
  struct Pattern {
    std::string text;
    std::vector<size_t> fallback;  // [text.size() + 1]: longest proper border of each prefix
    size_t matched = 0;
  };
  static void advance(Pattern& pattern, char byte) noexcept;

  std::vector<Pattern> patterns_;
  std::string held_;
};

}  // namespace phi::detail

#endif  // PHI_API_STOP_MATCHER_H_
