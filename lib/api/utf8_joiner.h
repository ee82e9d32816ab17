/// Bytes that come in pieces, to whole code points.
#ifndef PHI_API_UTF8_JOINER_H_
#define PHI_API_UTF8_JOINER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace phi::detail {

/// Holds back the bytes of a code point that is not complete yet. What cannot become one is U+FFFD,
/// one for each maximal subpart (Unicode 3.9), so that the pieces joined are what decoding the
/// whole at once would give. One thread.
class Utf8Joiner {
 public:
  /// Appends to `out` what is complete.
  void push(std::string_view bytes, std::string& out);

  /// The end: bytes that still wait for others become U+FFFD.
  void flush(std::string& out);

 private:
  void push_byte(char byte, std::string& out);

  char pending_[4] = {};
  size_t pending_bytes_ = 0;
};

}  // namespace phi::detail

#endif  // PHI_API_UTF8_JOINER_H_
