/// The parts of the packed format that its reader and its writer share. packed_file.cc describes
/// the format.
#ifndef PHI_IO_PACKED_LAYOUT_H_
#define PHI_IO_PACKED_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/checked.h"
#include "io/content_hash.h"
#include "io/packed_file.h"

namespace phi::io {

inline constexpr uint32_t kPackedVersion = 1;
inline constexpr std::string_view kRowsName = "rows", kStripsName = "strips";
/// Of a tensor within the data: a page, so that tensors lie close and the data as a whole, which
/// begins at a huge page, maps with huge pages and next to no gaps.
inline constexpr uint64_t kPackedTensorAlignment = 4096;

/// The first 64 bytes of the file, little-endian.
struct PackedPreamble {
  char magic[8];
  uint32_t version;
  uint32_t layout;
  uint64_t table_bytes;
  uint64_t texts_bytes;
  uint64_t file_bytes;
  uint64_t reserved;
  ContentHash header_hash;
};
static_assert(sizeof(PackedPreamble) == 64 && offsetof(PackedPreamble, header_hash) == 48);

/// Of the preamble up to the hash itself, then of the table and the texts.
inline ContentHash packed_header_hash(const PackedPreamble& preamble,
                                      std::span<const std::byte> table_and_texts) {
  ContentHasher hasher;
  hasher.update(
      std::as_bytes(std::span(&preamble, 1)).first(offsetof(PackedPreamble, header_hash)));
  hasher.update(table_and_texts);
  return hasher.digest();
}

}  // namespace phi::io

#endif  // PHI_IO_PACKED_LAYOUT_H_
