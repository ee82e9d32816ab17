/// The alphabet of byte-level BPE: each of the 256 bytes is spelled as one printable letter
/// (GPT-2's table).
#ifndef PHI_TEXT_BYTE_LETTERS_H_
#define PHI_TEXT_BYTE_LETTERS_H_

#include <optional>
#include <string>
#include <string_view>

namespace phi::text {

/// The letter of a byte, as UTF-8.
std::string letter_of_byte(unsigned char byte);

/// The bytes that `spelling` stands for; nothing if it holds anything but letters of the alphabet.
std::optional<std::string> bytes_of_letters(std::string_view spelling);

}  // namespace phi::text

#endif  // PHI_TEXT_BYTE_LETTERS_H_
