#include "io/tensor_entry.h"

#include <algorithm>

#include "base/checked.h"
#include "base/fail.h"

namespace phi::io {

uint64_t tensor_bytes(DType dtype, std::span<const uint64_t> shape, std::string_view what) {
  uint64_t elements = 1;
  for (const uint64_t extent : shape) elements = checked_mul(elements, extent, what);
  const DTypeInfo& info = dtype_info(dtype);
  const auto block_elements = static_cast<uint64_t>(info.block_elements);
  const uint64_t row = shape.empty() ? 1 : shape.back();
  if (row % block_elements != 0) {
    fail(Code::bad_format, what, ": rows of ", row, " elements are not whole blocks of ",
         info.block_elements, " (", info.name, ")");
  }
  return checked_mul(elements / block_elements, static_cast<uint64_t>(info.block_bytes), what);
}

uint64_t tensor_bytes(DType dtype, std::span<const uint64_t> shape, Layout layout,
                      std::string_view what) {
  const uint64_t bytes = tensor_bytes(dtype, shape, what);
  if (layout == Layout::rows) return bytes;
  if (shape.size() != 2 || !is_quantized(dtype)) {
    fail(Code::bad_format, what, ": strips are for matrices of block types, this is ",
         shape_string(shape), " of ", dtype_name(dtype));
  }
  if (shape[0] == 0) return 0;
  constexpr auto kRows = static_cast<uint64_t>(kStripRows);
  const uint64_t filled_up = checked_add(shape[0], kRows - 1, what) / kRows * kRows;
  return checked_mul(bytes / shape[0], filled_up, what);
}

void refuse_duplicate_names(std::span<const TensorEntry> tensors, std::string_view source) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const TensorEntry& tensor : tensors) names.emplace_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto duplicate = std::adjacent_find(names.begin(), names.end());
  if (duplicate != names.end()) {
    fail(Code::bad_format, source, ": tensor '", printable(*duplicate), "' is listed twice");
  }
}

}  // namespace phi::io
