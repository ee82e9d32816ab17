#include "kernels/strip_layout.h"

#include <array>
#include <cstring>

namespace phi::kernels {

namespace {

constexpr int kStepColumns = 4;
constexpr int kGroupColumns = 32;
constexpr int kGroupSteps = kGroupColumns / kStepColumns;

/// A part of a block's header: `count` units of `bytes` each.
struct Field {
  int offset, bytes, count;
};

/// Where a step's bits begin in a block of a row; its four codes are at the same bits of four
/// consecutive bytes, except in packed_bits, where they are neighbours.
struct Place {
  int byte, shift;
};

Place halves_of_16(int column) {  // 16 bytes hold the first and the second half of 32 columns
  return {column / 32 * 16 + column % 16, column % 32 / 16 * 4};
}
Place halves_of_32(int column) { return {column / 64 * 32 + column % 32, column % 64 / 32 * 4}; }
Place halves_of_64(int column) { return {column / 128 * 64 + column % 64, column % 128 / 64 * 4}; }
Place quarters_of_32(int column) {
  return {column / 128 * 32 + column % 32, column % 128 / 32 * 2};
}
Place eighths_of_32(int column) { return {column % 32, column / 32}; }
Place whole_bytes(int column) { return {column, 0}; }
Place packed_bits(int column) { return {column / 8, column % 8}; }

/// Some bits of all codes.
struct Plane {
  int bits;    // of each code: 8, 4, 2 or 1
  int offset;  // in the block
  Place (*place)(int column);
};

/// How a format's blocks are made. Unused entries are zero.
struct Recipe {
  std::array<Field, 3> fields;
  std::array<Plane, 2> planes;
};

constexpr Recipe recipe_of(DType type) {
  switch (type) {
    case DType::q4_0:
    case DType::iq4_nl:
      return {{{{0, 2, 1}}}, {{{4, 2, halves_of_16}}}};
    case DType::q4_1:
      return {{{{0, 2, 2}}}, {{{4, 4, halves_of_16}}}};
    case DType::q5_0:
      return {{{{0, 2, 1}}}, {{{4, 6, halves_of_16}, {1, 2, packed_bits}}}};
    case DType::q5_1:
      return {{{{0, 2, 2}}}, {{{4, 8, halves_of_16}, {1, 4, packed_bits}}}};
    case DType::q8_0:
    case DType::q8_256:
      return {{{{0, 2, 1}}}, {{{8, 2, whole_bytes}}}};
    case DType::q2_k:
      return {{{{80, 2, 2}, {0, 1, 16}}}, {{{2, 16, quarters_of_32}}}};
    case DType::q3_k:
      return {{{{108, 2, 1}, {96, 1, 12}}}, {{{2, 32, quarters_of_32}, {1, 0, eighths_of_32}}}};
    case DType::q4_k:
      return {{{{0, 2, 2}, {4, 1, 12}}}, {{{4, 16, halves_of_32}}}};
    case DType::q5_k:
      return {{{{0, 2, 2}, {4, 1, 12}}}, {{{4, 48, halves_of_32}, {1, 16, eighths_of_32}}}};
    case DType::q6_k:
      return {{{{208, 2, 1}, {192, 1, 16}}}, {{{4, 0, halves_of_64}, {2, 128, quarters_of_32}}}};
    case DType::iq4_xs:
      return {{{{0, 2, 2}, {4, 1, 4}}}, {{{4, 8, halves_of_16}}}};
    default:
      return {};
  }
}

uint32_t load_u32(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}
void store_u32(uint8_t* bytes, uint32_t value) { std::memcpy(bytes, &value, sizeof value); }

constexpr uint32_t kLowBits = 0x01010101;
constexpr uint32_t mask_of(int bits) { return kLowBits * ((1U << bits) - 1); }

/// Four neighbouring bits, each at the bottom of a byte of its own; and back.
uint32_t spread_bits(uint32_t four) { return four * 0x00204081U & kLowBits; }
uint32_t gather_bits(uint32_t spread) { return spread * 0x10204080U >> 28; }

/// Turns codes of a row's plane into those of a strip and back: only signed bytes differ.
uint32_t turn_signs(uint32_t codes, int bits) { return bits == 8 ? codes ^ 0x80808080U : codes; }

/// The codes of one step of a row, a byte each.
uint32_t read_row_step(const uint8_t* block, const Plane& plane, int column) {
  const Place place = plane.place(column);
  const uint8_t* bytes = block + plane.offset + place.byte;
  if (plane.place == packed_bits) return spread_bits((*bytes >> place.shift) & 15U);
  return turn_signs(load_u32(bytes) >> place.shift & mask_of(plane.bits), plane.bits);
}

void add_row_step(uint8_t* block, const Plane& plane, int column, uint32_t codes) {
  const Place place = plane.place(column);
  uint8_t* bytes = block + plane.offset + place.byte;
  if (plane.place == packed_bits) {
    *bytes = static_cast<uint8_t>(*bytes | gather_bits(codes) << place.shift);
  } else {
    store_u32(bytes, load_u32(bytes) | turn_signs(codes, plane.bits) << place.shift);
  }
}

/// Where a step of a row is in a strip's plane of 32 columns.
uint8_t* strip_step(uint8_t* plane, int bits, int step, int64_t row) {
  if (bits == 1) return plane + 8 * step + row / 2;
  const int steps_together = 8 / bits;
  return plane + step / steps_together * 64 + row * 4;
}
int strip_shift(int bits, int step, int64_t row) {
  return bits == 1 ? static_cast<int>(row % 2 * 4) : step % (8 / bits) * bits;
}

void add_strip_step(uint8_t* plane, int bits, int step, int64_t row, uint32_t codes) {
  uint8_t* bytes = strip_step(plane, bits, step, row);
  const int shift = strip_shift(bits, step, row);
  if (bits == 1) {
    *bytes = static_cast<uint8_t>(*bytes | gather_bits(codes) << shift);
  } else {
    store_u32(bytes, load_u32(bytes) | codes << shift);
  }
}

uint32_t read_strip_step(const uint8_t* plane, int bits, int step, int64_t row) {
  const uint8_t* bytes = strip_step(const_cast<uint8_t*>(plane), bits, step, row);
  const int shift = strip_shift(bits, step, row);
  if (bits == 1) return spread_bits((*bytes >> shift) & 15U);
  return load_u32(bytes) >> shift & mask_of(bits);
}

constexpr int plane_bytes(int bits) {
  return kGroupColumns * static_cast<int>(kStripRows) * bits / 8;
}

/// Calls visit(plane, column of the block, the plane's bytes in the strip's block) for every plane
/// of every 32 columns.
template <DType kType, class Visit>
void for_each_plane(int64_t header_bytes, Visit&& visit) {
  constexpr Recipe kRecipe = recipe_of(kType);
  int64_t offset = header_bytes;
  for (int column = 0; column < dtype_info(kType).block_elements; column += kGroupColumns) {
    for (const Plane& plane : kRecipe.planes) {
      if (plane.bits == 0) continue;
      visit(plane, column, offset);
      offset += plane_bytes(plane.bits);
    }
  }
}

template <DType kType>
struct Strip {
  static constexpr Recipe kRecipe = recipe_of(kType);
  static constexpr int64_t kBlockBytes = dtype_info(kType).block_bytes;
  static constexpr int64_t kBlockColumns = dtype_info(kType).block_elements;

  static constexpr int64_t header_bytes() {
    int64_t bytes = 0;
    for (const Field& field : kRecipe.fields) bytes += field.bytes * field.count;
    return bytes * kStripRows;
  }

  static void add_row(const uint8_t* row_block, int64_t row, uint8_t* strip_block) {
    uint8_t* out = strip_block;
    for (const Field& field : kRecipe.fields) {
      for (int i = 0; i < field.count; ++i, out += field.bytes * kStripRows) {
        std::memcpy(out + row * field.bytes, row_block + field.offset + i * field.bytes,
                    static_cast<size_t>(field.bytes));
      }
    }
    for_each_plane<kType>(header_bytes(), [&](const Plane& plane, int column, int64_t offset) {
      for (int step = 0; step < kGroupSteps; ++step) {
        add_strip_step(strip_block + offset, plane.bits, step, row,
                       read_row_step(row_block, plane, column + step * kStepColumns));
      }
    });
  }

  static void read_row(const uint8_t* strip_block, int64_t row, uint8_t* row_block) {
    const uint8_t* in = strip_block;
    for (const Field& field : kRecipe.fields) {
      for (int i = 0; i < field.count; ++i, in += field.bytes * kStripRows) {
        std::memcpy(row_block + field.offset + i * field.bytes, in + row * field.bytes,
                    static_cast<size_t>(field.bytes));
      }
    }
    for_each_plane<kType>(header_bytes(), [&](const Plane& plane, int column, int64_t offset) {
      for (int step = 0; step < kGroupSteps; ++step) {
        add_row_step(row_block, plane, column + step * kStepColumns,
                     read_strip_step(strip_block + offset, plane.bits, step, row));
      }
    });
  }
};

/// Calls run.operator()<type>() for a block format given at run time.
template <class Run>
void with_block_type(DType type, Run&& run) {
  switch (type) {
    case DType::q4_0:
      return run.template operator()<DType::q4_0>();
    case DType::q4_1:
      return run.template operator()<DType::q4_1>();
    case DType::q5_0:
      return run.template operator()<DType::q5_0>();
    case DType::q5_1:
      return run.template operator()<DType::q5_1>();
    case DType::q8_0:
      return run.template operator()<DType::q8_0>();
    case DType::q2_k:
      return run.template operator()<DType::q2_k>();
    case DType::q3_k:
      return run.template operator()<DType::q3_k>();
    case DType::q4_k:
      return run.template operator()<DType::q4_k>();
    case DType::q5_k:
      return run.template operator()<DType::q5_k>();
    case DType::q6_k:
      return run.template operator()<DType::q6_k>();
    case DType::iq4_nl:
      return run.template operator()<DType::iq4_nl>();
    case DType::iq4_xs:
      return run.template operator()<DType::iq4_xs>();
    case DType::q8_256:
      return run.template operator()<DType::q8_256>();
    default:
      return;
  }
}

}  // namespace

void rows_to_strip(DType type, const std::byte* first_row, int64_t row_bytes, int64_t rows,
                   int64_t cols, std::byte* strip) {
  with_block_type(type, [&]<DType kType>() {
    using Layout = Strip<kType>;
    constexpr int64_t kStripBlock = kStripRows * Layout::kBlockBytes;
    auto* out = reinterpret_cast<uint8_t*>(strip);
    for (int64_t block = 0; block < cols / Layout::kBlockColumns; ++block, out += kStripBlock) {
      uint8_t built[kStripBlock] = {};
      for (int64_t row = 0; row < rows; ++row) {
        const std::byte* from = first_row + row * row_bytes + block * Layout::kBlockBytes;
        Layout::add_row(reinterpret_cast<const uint8_t*>(from), row, built);
      }
      std::memcpy(out, built, sizeof built);
    }
  });
}

void strip_to_row(DType type, const std::byte* strip, int64_t row, int64_t cols, std::byte* out) {
  with_block_type(type, [&]<DType kType>() {
    using Layout = Strip<kType>;
    constexpr int64_t kStripBlock = kStripRows * Layout::kBlockBytes;
    for (int64_t block = 0; block < cols / Layout::kBlockColumns; ++block) {
      uint8_t built[Layout::kBlockBytes] = {};
      Layout::read_row(reinterpret_cast<const uint8_t*>(strip) + block * kStripBlock, row, built);
      std::memcpy(out + block * Layout::kBlockBytes, built, sizeof built);
    }
  });
}

}  // namespace phi::kernels
