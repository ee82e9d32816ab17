/// The rows of a matrix multiplication and what is wanted of it.
#ifndef PHI_OPS_LINEAR_ROWS_H_
#define PHI_OPS_LINEAR_ROWS_H_

#include <cstdint>

#include "phi/types.h"

namespace phi::ops {

/// What to do with what is already in y.
enum class Store : int32_t { replace, add };

/// x [rows, in] and y [rows, out], f32, dense rows with the given strides.
struct LinearRows {
  const float* x;
  int64_t x_stride;
  float* y;
  int64_t y_stride;
  int64_t rows;
  Precision precision = Precision::standard;
};

}  // namespace phi::ops

#endif  // PHI_OPS_LINEAR_ROWS_H_
