#include "text/piece_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace phi::text {
namespace {

template <class Word>
uint64_t load(const char* bytes) noexcept {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace

PieceIndex::PieceIndex(size_t pieces)
    : slots_(std::bit_ceil(2 * pieces + 2)),
      shift_(64 - std::countr_zero(slots_.size())),
      long_(pieces) {}

void PieceIndex::insert(std::string_view piece, Token token) {
  if (piece.size() > kShort) {
    longest_ = std::max(longest_, piece.size());
    return long_.insert(piece, token);
  }
  const Key key = key_of(piece);
  Slot& slot = slots_[slot_of(key)];
  if (slot.token < 0) slot = {key.low, key.high, token};
}

/// Loads that overlap read any length without a loop and nothing beyond the string.
PieceIndex::Key PieceIndex::key_of(std::string_view piece) noexcept {
  const char* const at = piece.data();
  const size_t size = piece.size();
  Key key;
  if (size > 8) {
    key.low = load<uint64_t>(at);
    key.high = static_cast<uint32_t>(load<uint32_t>(at + size - 4) >> 8 * (12 - size));
  } else if (size >= 4) {
    key.low = load<uint32_t>(at) | load<uint32_t>(at + size - 4) << 8 * (size - 4);
  } else if (size > 0) {
    key.low = load<uint8_t>(at) | load<uint8_t>(at + size / 2) << 8 * (size / 2) |
              load<uint8_t>(at + size - 1) << 8 * (size - 1);
  }
  key.high |= static_cast<uint32_t>(size) << 24;
  return key;
}

size_t PieceIndex::slot_of(Key key) const noexcept {
  uint64_t hash = (key.low ^ key.high * 0xD6E8FEB86659FD93u) * 0x9E3779B97F4A7C15u;
  hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
  const size_t mask = slots_.size() - 1;
  size_t at = static_cast<size_t>(hash >> shift_);
  const auto is_other = [key](const Slot& slot) {
    return slot.token >= 0 && (slot.low != key.low || slot.high != key.high);
  };
  while (is_other(slots_[at])) at = (at + 1) & mask;
  return at;
}

Token PieceIndex::find(std::string_view piece) const noexcept {
  if (piece.size() > kShort) return piece.size() > longest_ ? -1 : long_.find(piece);
  return slots_[slot_of(key_of(piece))].token;
}

}  // namespace phi::text
