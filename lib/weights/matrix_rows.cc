#include "weights/matrix_rows.h"

#include "kernels/strip_layout.h"

namespace phi::weights {

const std::byte* whole_row(const Matrix& matrix, int64_t row, std::byte* scratch) {
  if (matrix.layout == Layout::rows) return matrix.row(row);
  const int64_t in_strip = row % kStripRows;
  kernels::strip_to_row(matrix.dtype, matrix.row(row - in_strip), in_strip, matrix.cols, scratch);
  return scratch;
}

}  // namespace phi::weights
