#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/fail.h"

namespace phi::text {
namespace {

constexpr unsigned char byte_at(std::string_view text, size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// The range of the second byte that the first byte allows (Unicode table 3-7).
struct Lead {
  size_t bytes;  // 0: no lead byte
  unsigned char second_min, second_max;
};
constexpr Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

/// Bytes of the ASCII that `text` begins with, counted in words of 8 (and then one by one).
size_t leading_ascii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080u;
  size_t at = 0;
  for (uint64_t word; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (word & kHighBits) break;
  }
  while (at < text.size() && byte_at(text, at) < 0x80) ++at;
  return at;
}

/// Puts every run of combining marks in order of its classes. utf8proc does this by exchanging
/// neighbours, which takes quadratic time on a long run.
void order_marks(std::vector<int32_t>& code_points) {
  const auto mark_class = [](int32_t c) { return utf8proc_get_property(c)->combining_class; };
  const auto by_class = [&](int32_t a, int32_t b) { return mark_class(a) < mark_class(b); };
  auto at = code_points.begin();
  while (at != code_points.end()) {
    const auto begin =
        std::find_if(at, code_points.end(), [&](int32_t c) { return mark_class(c) != 0; });
    at = std::find_if(begin, code_points.end(), [&](int32_t c) { return mark_class(c) == 0; });
    if (at - begin > 1) std::stable_sort(begin, at, by_class);
  }
}

/// Appends the canonical composition of `text`.
void append_composed(std::string& out, std::string_view text) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  std::vector<int32_t> code_points;
  code_points.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    text.remove_prefix(next.bytes);
    int32_t parts[8];  // the longest canonical decomposition has 4
    int boundary = 0;
    const auto count =
        utf8proc_decompose_char(static_cast<int32_t>(next.value), parts, 8, kOptions, &boundary);
    if (count < 0 || count > 8) fail(Code::internal, "canonical decomposition failed");
    code_points.insert(code_points.end(), parts, parts + count);
  }
  order_marks(code_points);
  const auto length = utf8proc_normalize_utf32(
      code_points.data(), static_cast<utf8proc_ssize_t>(code_points.size()), kOptions);
  if (length < 0) fail(Code::internal, "canonical composition failed");
  for (size_t i = 0; i < static_cast<size_t>(length); ++i) {
    append_utf8(out, static_cast<char32_t>(code_points[i]));
  }
}

/// Letters that are Alphabetic by the list Other_Alphabetic and of no letter or mark category:
/// circled and squared Latin.
bool is_enclosed_letter(char32_t c) {
  return (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
         (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
}

}  // namespace

CodePoint first_code_point(std::string_view text) noexcept {
  const unsigned char first = byte_at(text, 0);
  const Lead lead = lead_of(first);
  if (lead.bytes == 1) return {first, 1, true};
  if (lead.bytes == 0) return {kReplacement, 1, false};
  char32_t value = first & (0x7Fu >> lead.bytes);
  for (size_t i = 1; i < lead.bytes; ++i) {
    if (i >= text.size()) return {kReplacement, i, false};
    const unsigned char next = byte_at(text, i);
    const bool fits =
        i == 1 ? next >= lead.second_min && next <= lead.second_max : (next & 0xC0) == 0x80;
    if (!fits) return {kReplacement, i, false};
    value = value << 6 | (next & 0x3Fu);
  }
  return {value, lead.bytes, true};
}

CodePoint last_code_point(std::string_view text) noexcept {
  size_t begin = text.size() - 1;
  while (begin > 0 && (byte_at(text, begin) & 0xC0) == 0x80) --begin;
  return first_code_point(text.substr(begin));
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) noexcept {
  while (true) {
    text.remove_prefix(leading_ascii(text));
    if (text.empty()) return true;
    const CodePoint next = first_code_point(text);
    if (!next.valid) return false;
    text.remove_prefix(next.bytes);
  }
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.valid) {
      out.append(text.substr(0, next.bytes));
    } else {
      append_utf8(out, kReplacement);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string nfc(std::string_view text) {
  // A code point below U+0300 changes only together with marks behind it, so that text without any
  // higher code point is in order already, and runs with them can be composed one by one.
  const auto is_low = [&](size_t at) { return byte_at(text, at) < 0xCC; };
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    size_t high = at;
    while (high < text.size() && is_low(high)) ++high;
    const std::string_view before = text.substr(at, high - at);
    const size_t base = high < text.size() && !before.empty() ? last_code_point(before).bytes : 0;
    out += before.substr(0, before.size() - base);
    size_t end = high;
    while (end < text.size() && !is_low(end)) end += first_code_point(text.substr(end)).bytes;
    if (end > high) append_composed(out, text.substr(high - base, end - high + base));
    at = end;
  }
  return out;
}

bool is_white_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_word_character(char32_t c) noexcept {
  switch (utf8proc_category(static_cast<int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return c == 0x200C || c == 0x200D || is_enclosed_letter(c);
  }
}

CharacterKind character_kind(char32_t c) noexcept {
  switch (utf8proc_category(static_cast<int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
      return kUpper;
    case UTF8PROC_CATEGORY_LL:
      return kLower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return kCaseless;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return kMark;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return kNumber;
    case UTF8PROC_CATEGORY_CN:
      return kUnassigned;
    default:
      return c == '\n' || c == '\r' ? kNewline : is_white_space(c) ? kSpace : kOther;
  }
}

bool is_printable(char32_t c) noexcept {
  switch (utf8proc_category(static_cast<int32_t>(c))) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return c == ' ';
    default:
      return true;
  }
}

bool is_letter(char32_t c) noexcept {
  const utf8proc_category_t category = utf8proc_category(static_cast<int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_decimal_digit(char32_t c) noexcept {
  return utf8proc_category(static_cast<int32_t>(c)) == UTF8PROC_CATEGORY_ND;
}

size_t count_code_points(std::string_view text) noexcept {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string to_upper(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(first_code_point(text).bytes)) {
    const char32_t c = first_code_point(text).value;
    if (c == 0xDF) {
      out += "SS";
    } else {
      append_utf8(out, static_cast<char32_t>(utf8proc_toupper(static_cast<int32_t>(c))));
    }
  }
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(first_code_point(text).bytes)) {
    append_utf8(out, static_cast<char32_t>(
                         utf8proc_tolower(static_cast<int32_t>(first_code_point(text).value))));
  }
  return out;
}

size_t leading_white_space(std::string_view text) noexcept {
  size_t bytes = 0;
  while (bytes < text.size()) {
    const CodePoint next = first_code_point(text.substr(bytes));
    if (!is_white_space(next.value)) break;
    bytes += next.bytes;
  }
  return bytes;
}

size_t trailing_white_space(std::string_view text) noexcept {
  size_t bytes = 0;
  while (bytes < text.size()) {
    const CodePoint last = last_code_point(text.substr(0, text.size() - bytes));
    if (!is_white_space(last.value)) break;
    bytes += last.bytes;
  }
  return bytes;
}

}  // namespace phi::text
