/// Single rows of a matrix, whatever its layout.
#ifndef PHI_WEIGHTS_MATRIX_ROWS_H_
#define PHI_WEIGHTS_MATRIX_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "weights/weight_store.h"

namespace phi::weights {

/// Row `row` as blocks one after another: the matrix's own bytes, or a copy in `scratch`
/// [row_bytes] where strips hold it.
const std::byte* whole_row(const Matrix& matrix, int64_t row, std::byte* scratch);

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_MATRIX_ROWS_H_
