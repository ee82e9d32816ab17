#include "text/string_index.h"

#include <bit>
#include <cstdint>

namespace phi::text {
namespace {

/// FNV-1a, with the high bits mixed into the low ones.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash ^ hash >> 32;
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
