/// Unicode as the tokenizers need it: UTF-8, canonical composition, two character classes.
/// Only unicode.cc sees utf8proc. Pure functions; any thread.
#ifndef PHI_TEXT_UNICODE_H_
#define PHI_TEXT_UNICODE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace phi::text {

inline constexpr char32_t kReplacement = 0xFFFD;

struct CodePoint {
  char32_t value;
  size_t bytes;  ///< length of its UTF-8 form
  bool valid;    ///< false: `bytes` is a maximal subpart of an ill-formed sequence, value is
                 ///< kReplacement
};

/// The code point at the start of `text`, which is not empty.
CodePoint first_code_point(std::string_view text) noexcept;
/// The code point at the end of `text`, which is valid UTF-8 and not empty.
CodePoint last_code_point(std::string_view text) noexcept;

void append_utf8(std::string& out, char32_t code_point);

bool is_valid_utf8(std::string_view text) noexcept;
/// `text` with U+FFFD for every maximal subpart of an ill-formed sequence (Unicode 3.9, as the Rust
/// and Python decoders do).
std::string replace_invalid_utf8(std::string_view text);

/// Normalization Form C of valid UTF-8. O(n log n) whatever the text.
std::string nfc(std::string_view text);

/// The property White_Space: what `\s` means in the reference tokenizers.
bool is_white_space(char32_t code_point) noexcept;
/// `\w` of UTS 18: Alphabetic, marks, decimal digits, connector punctuation, join controls.
bool is_word_character(char32_t code_point) noexcept;

/// What the patterns of pre-tokenizers ask of a character: one bit, so that sets are sums.
enum CharacterKind : uint8_t {
  kUnassigned = 0,  ///< in the version of Unicode that utf8proc knows; a newer one may say more
  kUpper = 1,       ///< upper and title case
  kLower = 2,
  kCaseless = 4,  ///< other letters
  kMark = 8,
  kNumber = 16,
  kNewline = 32,  ///< \n and \r
  kSpace = 64,    ///< other white space
  kOther = 128,
};
CharacterKind character_kind(char32_t code_point) noexcept;

/// May stand in Python's repr() of a string as it is: not a control, format, private, unassigned or
/// separator character other than the space.
bool is_printable(char32_t code_point) noexcept;

/// The categories of letters, and that of decimal digits.
bool is_letter(char32_t code_point) noexcept;
bool is_decimal_digit(char32_t code_point) noexcept;

size_t count_code_points(std::string_view text) noexcept;

/// Simple case mapping of every code point, and SS for the capital of U+00DF.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

/// Bytes of white space that `text` (valid UTF-8) begins or ends with.
size_t leading_white_space(std::string_view text) noexcept;
size_t trailing_white_space(std::string_view text) noexcept;

}  // namespace phi::text

#endif  // PHI_TEXT_UNICODE_H_
