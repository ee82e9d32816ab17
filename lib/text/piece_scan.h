/// The well-known pre-tokenizer patterns, written out as code: many times quicker than a regular
/// expression engine.
#ifndef PHI_TEXT_PIECE_SCAN_H_
#define PHI_TEXT_PIECE_SCAN_H_

#include <cstddef>
#include <string_view>

namespace phi::text {

/// Bytes of the first piece of `text`, which is valid UTF-8 and not empty. 0 if it cannot say: it
/// met a character that is kUnassigned, which a regular expression engine may know. A pure
/// function; over a whole text linear in its length.
using PieceScan = size_t (*)(std::string_view text);

/// The scan that cuts exactly where `pattern` matches, for the patterns of split_patterns.h; null
/// for any other.
PieceScan known_scan(std::string_view pattern) noexcept;

}  // namespace phi::text

#endif  // PHI_TEXT_PIECE_SCAN_H_
