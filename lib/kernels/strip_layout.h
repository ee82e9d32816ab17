/// Strips: 16 rows of a block format side by side, in the order in which vector instructions want
/// them. Lossless: the same bits as in rows, at other places, and as many of them.
///
/// A strip covers 16 rows and all columns. It is a sequence of blocks, each as many columns as the
/// format's own block; a block holds
///   the fields of the 16 block headers (scales, minima): field after field, each 16 times, in the
///   order of the rows;
///   then, for every 32 columns, the codes' bits in planes: 4-bit, 2-bit, 1-bit or 8-bit ones.
/// In a plane four consecutive columns of one row are four bytes (a step), and the steps of 16 rows
/// lie together: 64 bytes. 4-bit planes have step 2j in the low and step 2j+1 in the high nibbles
/// of their j-th 64 bytes; 2-bit planes have step 4j+t at bits 2t of their j-th 64 bytes; 1-bit
/// planes have 64 bits for every step. Codes are unsigned: those of Q8_0 and Q8_256 are stored with
/// their sign bit turned over. docs/formats.md lists the fields and planes of every format.
#ifndef PHI_KERNELS_STRIP_LAYOUT_H_
#define PHI_KERNELS_STRIP_LAYOUT_H_

#include <cstdint>

#include "base/checked.h"
#include "base/dtype.h"

namespace phi::kernels {

/// Every block format has a strip form, the plain types have none.
constexpr bool has_strips(DType type) { return is_quantized(type); }

/// Bytes of one strip of `cols` columns.
constexpr int64_t strip_bytes(DType type, int64_t cols) {
  return kStripRows * dtype_bytes(type, cols);
}

/// Writes the strip of `rows` (1 to 16) rows that lie row_bytes apart; the rows that are missing
/// become zeros.
void rows_to_strip(DType type, const std::byte* first_row, int64_t row_bytes, int64_t rows,
                   int64_t cols, std::byte* strip);

/// Row `row` (0 to 15) of a strip as rows have it.
void strip_to_row(DType type, const std::byte* strip, int64_t row, int64_t cols, std::byte* out);

}  // namespace phi::kernels

#endif  // PHI_KERNELS_STRIP_LAYOUT_H_
