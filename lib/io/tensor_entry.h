/// One tensor as a file lists it: name, type, shape and bytes, all checked against the file's size.
#ifndef PHI_IO_TENSOR_ENTRY_H_
#define PHI_IO_TENSOR_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dtype.h"

namespace phi::io {

struct TensorEntry {
  std::string name;
  DType dtype;
  /// Outermost first, row-major: a matrix is [out, in] whatever the file's own order.
  std::vector<uint64_t> shape;
  /// Borrowed from the file; no alignment promise.
  std::span<const std::byte> data;
  Layout layout = Layout::rows;
};

/// Bytes of a tensor of this type and shape, in rows. Error{bad_format} names `what` when the size
/// overflows or a row is not made of whole blocks.
uint64_t tensor_bytes(DType dtype, std::span<const uint64_t> shape, std::string_view what);

/// The same in a layout; strips are for matrices of block formats.
uint64_t tensor_bytes(DType dtype, std::span<const uint64_t> shape, Layout layout,
                      std::string_view what);

/// Error{bad_format} naming `source` and the tensor when two entries have the same name.
void refuse_duplicate_names(std::span<const TensorEntry> tensors, std::string_view source);

}  // namespace phi::io

#endif  // PHI_IO_TENSOR_ENTRY_H_
