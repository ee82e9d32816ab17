/// The element types that weights can have, and the geometry of the block formats among them.
/// Block layouts are described in docs/formats.md. All but Q8_256 are GGUF's.
#ifndef PHI_BASE_DTYPE_H_
#define PHI_BASE_DTYPE_H_

#include <cstdint>

namespace phi {

/// Values index tables; files name types by their names.
enum class DType : uint8_t {
  f32 = 0,
  f16 = 1,
  bf16 = 2,
  q4_0 = 3,
  q4_1 = 4,
  q5_0 = 5,
  q5_1 = 6,
  q8_0 = 7,
  q2_k = 8,
  q3_k = 9,
  q4_k = 10,
  q5_k = 11,
  q6_k = 12,
  iq4_nl = 13,
  iq4_xs = 14,
  q8_256 = 15,
};
inline constexpr int kDTypes = 16;

struct DTypeInfo {
  const char* name;        ///< as GGUF tools spell theirs: "Q4_K"
  int32_t block_elements;  ///< elements that share one block; 1 for plain types
  int32_t block_bytes;
};

inline constexpr DTypeInfo kDTypeInfo[kDTypes] = {
    {"F32", 1, 4},      {"F16", 1, 2},      {"BF16", 1, 2},       {"Q4_0", 32, 18},
    {"Q4_1", 32, 20},   {"Q5_0", 32, 22},   {"Q5_1", 32, 24},     {"Q8_0", 32, 34},
    {"Q2_K", 256, 84},  {"Q3_K", 256, 110}, {"Q4_K", 256, 144},   {"Q5_K", 256, 176},
    {"Q6_K", 256, 210}, {"IQ4_NL", 32, 18}, {"IQ4_XS", 256, 136}, {"Q8_256", 256, 258},
};

constexpr const DTypeInfo& dtype_info(DType type) { return kDTypeInfo[static_cast<int>(type)]; }
constexpr const char* dtype_name(DType type) { return dtype_info(type).name; }
constexpr bool is_quantized(DType type) { return dtype_info(type).block_elements > 1; }

/// Bytes of `elements` values in a row; elements must be a multiple of the block.
constexpr int64_t dtype_bytes(DType type, int64_t elements) {
  return elements / dtype_info(type).block_elements * dtype_info(type).block_bytes;
}

/// The order of a matrix's bytes. rows: row after row of whole blocks, as GGUF has them, the
/// canonical form. strips: 16 rows of a block format side by side, in the order of the integer
/// kernels (kernels/strip_layout.h); lossless.
enum class Layout : uint8_t { rows = 0, strips = 1 };

/// Rows of a strip; the last strip of a matrix is filled up with zeros.
inline constexpr int64_t kStripRows = 16;

/// Rows that a matrix of `rows` rows takes in memory.
constexpr int64_t stored_rows(Layout layout, int64_t rows) {
  return layout == Layout::rows ? rows : (rows + kStripRows - 1) / kStripRows * kStripRows;
}

}  // namespace phi

#endif  // PHI_BASE_DTYPE_H_
