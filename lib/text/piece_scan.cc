#include "text/piece_scan.h"

#include <array>
#include <cstdint>

#include "text/split_patterns.h"
#include "text/unicode.h"

namespace phi::text {
namespace {

constexpr uint8_t kLetter = kUpper | kLower | kCaseless;
constexpr uint8_t kWhite = kSpace | kNewline;
constexpr uint8_t kSymbol = kMark | kOther;  // [^\s\p{L}\p{N}]

constexpr auto kAsciiKinds = [] {
  std::array<uint8_t, 128> kinds{};
  for (unsigned c = 0; c < kinds.size(); ++c) {
    kinds[c] = c >= 'A' && c <= 'Z'                   ? kUpper
               : c >= 'a' && c <= 'z'                 ? kLower
               : c >= '0' && c <= '9'                 ? kNumber
               : c == '\n' || c == '\r'               ? kNewline
               : c == ' ' || (c >= '\t' && c <= '\r') ? kSpace
                                                      : kOther;
  }
  return kinds;
}();

/// A character as the patterns see it; the end of the text is of no kind, nor is what is
/// unassigned.
struct Character {
  uint8_t kind, bytes;
};

/// A text by its characters. Places are byte offsets where a character begins, or the end.
class Characters {
 public:
  explicit Characters(std::string_view text) : text_(text) {}

  Character at(size_t place) {
    if (place >= text_.size()) return {0, 0};
    const auto first = static_cast<unsigned char>(text_[place]);
    return first < kAsciiKinds.size() ? Character{kAsciiKinds[first], 1} : beyond_ascii(place);
  }
  /// Where the characters of `kinds` that begin at `place` end.
  size_t run(size_t place, uint8_t kinds) {
    for (Character c = at(place); c.kind & kinds; c = at(place)) place += c.bytes;
    return place;
  }
  bool is_end(size_t place) const { return place >= text_.size(); }
  /// Has any character been looked at that is unassigned?
  bool met_unassigned() const { return met_unassigned_; }
  /// The byte at `place`; 0 at the end.
  char byte(size_t place) const { return is_end(place) ? '\0' : text_[place]; }

 private:
  Character beyond_ascii(size_t place) {
    const CodePoint next = first_code_point(text_.substr(place));
    const CharacterKind kind = character_kind(next.value);
    met_unassigned_ |= kind == kUnassigned;
    return {kind, static_cast<uint8_t>(next.bytes)};
  }

  std::string_view text_;
  bool met_unassigned_ = false;
};

enum class Case : int32_t { as_written, ignored };

/// Bytes of 's, 't, 're, 've, 'm, 'll or 'd at `place`; 0 if there is none.
size_t contraction(Characters& text, size_t place, Case letters) {
  if (text.byte(place) != '\'') return 0;
  const auto letter = [&](size_t offset) {
    const char c = text.byte(place + offset);
    return letters == Case::ignored && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  const char second = letter(2);
  switch (letter(1)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return second == 'e' ? 3 : 0;
    case 'l':
      return second == 'l' ? 3 : 0;
    case '\xC5':  // U+017F, the long s, is an s in another case
      return letters == Case::ignored && second == '\xBF' ? 3 : 0;
    default:
      return 0;
  }
}

enum class Lines : int32_t { ignored, kept };

/// \s+(?!\S)|\s+ : white space but for its last character, which belongs to what follows. Where
/// lines are kept \s*[\r\n]+ comes first: up to the last end of a line in it.
size_t white_space(Characters& text, Lines lines) {
  size_t end = 0, last = 0, after_newline = 0;
  for (Character c = text.at(0); c.kind & kWhite; c = text.at(end)) {
    last = end;
    end += c.bytes;
    if (c.kind & kNewline) after_newline = end;
  }
  if (lines == Lines::kept && after_newline > 0) return after_newline;
  return text.is_end(end) || last == 0 ? end : last;
}

enum class Slashes : int32_t { apart, joined };

/// ` ?[^\s\p{L}\p{N}]+` and the ends of lines behind it, with slashes if so said; else white space.
size_t symbols_or_space(Characters& text, Slashes slashes) {
  const size_t begin = text.byte(0) == ' ' ? 1 : 0;
  size_t end = text.run(begin, kSymbol);
  if (end == begin) return white_space(text, Lines::kept);
  while (text.at(end).kind & kNewline || (slashes == Slashes::joined && text.byte(end) == '/'))
    ++end;
  return end;
}

size_t numbers(Characters& text, int most) {
  size_t end = 0;
  for (Character c = text.at(0); c.kind & kNumber && most > 0; c = text.at(end), --most)
    end += c.bytes;
  return end;
}

/// cl100k_base, and Qwen2's with one digit at a time.
template <int kMostDigits>
size_t cl100k_piece(Characters& text) {
  const Character first = text.at(0);
  if (first.kind & kLetter) return text.run(first.bytes, kLetter);
  if (first.kind & kNumber) return numbers(text, kMostDigits);
  if (const size_t end = contraction(text, 0, Case::ignored)) return end;
  if (!(first.kind & kNewline)) {
    if (const size_t end = text.run(first.bytes, kLetter); end > first.bytes) return end;
  }
  return symbols_or_space(text, Slashes::apart);
}

constexpr uint8_t kNotLower = kUpper | kCaseless | kMark, kNotUpper = kLower | kCaseless | kMark;

/// Where [kNotLower]*[kNotUpper]+ ends; 0 if it does not match. Where nothing lower follows the
/// first run, the expression gives back what it took, up to the last character that is in both.
size_t word_with_lower(Characters& text, size_t begin) {
  size_t end = begin, last_of_both = 0;
  for (Character c = text.at(end); c.kind & kNotLower; c = text.at(end)) {
    end += c.bytes;
    if (c.kind & kNotUpper) last_of_both = end;
  }
  return text.at(end).kind & kLower ? text.run(end, kNotUpper) : last_of_both;
}

/// Where [kNotLower]+[kNotUpper]* ends; 0 if it does not match.
size_t word_with_upper(Characters& text, size_t begin) {
  const size_t end = text.run(begin, kNotLower);
  return end == begin ? 0 : text.run(end, kNotUpper);
}

size_t o200k_piece(Characters& text) {
  const Character first = text.at(0);
  if (first.kind & kNumber) return numbers(text, 3);
  // One character may lead a word. Marks may, and are of the word as well.
  const size_t lead = first.kind & (kLetter | kNewline) ? 0 : first.bytes;
  size_t end = word_with_lower(text, lead);
  if (end == 0 && lead > 0) end = word_with_lower(text, 0);
  if (end == 0) end = word_with_upper(text, lead);
  if (end > 0) return end + contraction(text, end, Case::ignored);
  return symbols_or_space(text, Slashes::joined);
}

size_t gpt2_piece(Characters& text) {
  if (const size_t end = contraction(text, 0, Case::as_written)) return end;
  const size_t begin = text.byte(0) == ' ' ? 1 : 0;
  for (const uint8_t kinds : {kLetter, uint8_t{kNumber}, kSymbol}) {
    if (const size_t end = text.run(begin, kinds); end > begin) return end;
  }
  return white_space(text, Lines::ignored);
}

template <size_t (*kPiece)(Characters&)>
size_t scan(std::string_view text) {
  Characters characters(text);
  const size_t bytes = kPiece(characters);
  return characters.met_unassigned() ? 0 : bytes;
}

}  // namespace

PieceScan known_scan(std::string_view pattern) noexcept {
  if (pattern == kCl100kPattern) return scan<cl100k_piece<3>>;
  if (pattern == kQwen2Pattern) return scan<cl100k_piece<1>>;
  if (pattern == kO200kPattern) return scan<o200k_piece>;
  if (pattern == kGpt2Pattern) return scan<gpt2_piece>;
  return nullptr;
}

}  // namespace phi::text
