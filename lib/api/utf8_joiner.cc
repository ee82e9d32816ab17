#include "api/utf8_joiner.h"

namespace phi::detail {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Bytes in a sequence that begins with `lead`; 0 if none does.
size_t sequence_bytes(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/// May `second` follow `lead`? Table 3-7 of the Unicode standard: no overlong forms, no surrogates,
/// nothing above U+10FFFF.
bool may_be_second(unsigned char lead, unsigned char second) noexcept {
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return second >= low && second <= high;
}

}  // namespace

void Utf8Joiner::push(std::string_view bytes, std::string& out) {
  for (const char byte : bytes) push_byte(byte, out);
}

void Utf8Joiner::push_byte(char byte, std::string& out) {
  const auto value = static_cast<unsigned char>(byte);
  if (pending_bytes_ > 0) {
    const auto lead = static_cast<unsigned char>(pending_[0]);
    const bool continues =
        pending_bytes_ == 1 ? may_be_second(lead, value) : (value & 0xC0) == 0x80;
    if (continues) {
      pending_[pending_bytes_++] = byte;
      if (pending_bytes_ == sequence_bytes(lead)) {
        out.append(pending_, pending_bytes_);
        pending_bytes_ = 0;
      }
      return;
    }
    flush(out);  // and then the byte begins anew
  }
  const size_t length = sequence_bytes(value);
  if (length > 1) {
    pending_[pending_bytes_++] = byte;
  } else if (length == 1) {
    out += byte;
  } else {
    out += kReplacement;
  }
}

void Utf8Joiner::flush(std::string& out) {
  if (pending_bytes_ > 0) out += kReplacement;
  pending_bytes_ = 0;
}

}  // namespace phi::detail
