#include "base/fail.h"

namespace phi {

std::string shape_string(std::span<const uint64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

namespace {
/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}
}  // namespace

std::string printable(std::string_view text) {
  constexpr size_t kMaxBytes = 80;
  std::string out;
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (out.size() + (length ? length : 1) > kMaxBytes) return out + "...";
    const bool visible = length > 1 || (length == 1 && text[0] >= 0x20 && text[0] != 0x7F);
    if (visible) {
      out += text.substr(0, length);
    } else {
      out += '?';
    }
    text.remove_prefix(length ? length : 1);
  }
  return out;
}

}  // namespace phi
