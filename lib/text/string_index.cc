#include "text/string_index.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace phi::text {
namespace {

/// 8 bytes at a time, the last of them with zeros behind; the length tells such strings apart.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = text.size();
  while (!text.empty()) {
    uint64_t word = 0;
    const size_t bytes = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), bytes);
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
    text.remove_prefix(bytes);
  }
  return hash;
}

}  // namespace

StringIndex::StringIndex(size_t strings) : slots_(std::bit_ceil(2 * strings + 1)) {}

const StringIndex::Slot& StringIndex::slot_of(std::string_view text) const noexcept {
  const size_t mask = slots_.size() - 1;
  size_t at = static_cast<size_t>(hash_of(text)) & mask;
  while (slots_[at].token >= 0 && slots_[at].text != text) at = (at + 1) & mask;
  return slots_[at];
}

void StringIndex::insert(std::string_view text, Token token) {
  Slot& slot = const_cast<Slot&>(slot_of(text));
  if (slot.token < 0) slot = {text, token};
}

Token StringIndex::find(std::string_view text) const noexcept { return slot_of(text).token; }

}  // namespace phi::text
