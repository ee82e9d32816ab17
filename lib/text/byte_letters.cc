#include "text/byte_letters.h"

#include <array>

#include "text/unicode.h"

namespace phi::text {
namespace {

/// Printable Latin-1 stands for itself; the other 68 bytes are U+0100 onward, in order.
constexpr bool is_its_own_letter(unsigned byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

constexpr auto kLetters = [] {
  std::array<char32_t, 256> letters{};
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte)
    letters[byte] = is_its_own_letter(byte) ? byte : next++;
  return letters;
}();

constexpr auto kBytes = [] {
  std::array<int, 0x100 + 68> bytes{};
  bytes.fill(-1);
  for (int byte = 0; byte < 256; ++byte) bytes[kLetters[static_cast<size_t>(byte)]] = byte;
  return bytes;
}();

}  // namespace

std::string letter_of_byte(unsigned char byte) {
  std::string letter;
  append_utf8(letter, kLetters[byte]);
  return letter;
}

std::optional<std::string> bytes_of_letters(std::string_view spelling) {
  std::string bytes;
  bytes.reserve(spelling.size());
  while (!spelling.empty()) {
    const CodePoint next = first_code_point(spelling);
    if (!next.valid || next.value >= kBytes.size() || kBytes[next.value] < 0) return std::nullopt;
    bytes += static_cast<char>(kBytes[next.value]);
    spelling.remove_prefix(next.bytes);
  }
  return bytes;
}

}  // namespace phi::text
