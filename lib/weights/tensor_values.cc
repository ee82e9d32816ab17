#include "weights/tensor_values.h"

#include <algorithm>
#include <array>

#include "base/fail.h"
#include "kernels/dispatch.h"

namespace phi::weights {

const io::TensorEntry* find_tensor(std::span<const io::TensorEntry> tensors,
                                   std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &io::TensorEntry::name);
  return found == tensors.end() ? nullptr : &*found;
}

void check_shape(const io::TensorEntry& tensor, std::span<const uint64_t> expected) {
  if (!std::ranges::equal(tensor.shape, expected)) {
    fail(Code::bad_format, "tensor '", printable(tensor.name), "': shape ",
         shape_string(tensor.shape), ", expected ", shape_string(expected));
  }
}

std::vector<float> vector_values(const io::TensorEntry& tensor, uint64_t size) {
  check_shape(tensor, std::array{size});
  const auto count = static_cast<int64_t>(size);
  if (is_quantized(tensor.dtype)) {
    fail(Code::bad_format, "tensor '", printable(tensor.name), "': type ", dtype_name(tensor.dtype),
         ", expected F32, F16 or BF16");
  }
  if (tensor.data.size() != static_cast<uint64_t>(dtype_bytes(tensor.dtype, count))) {
    fail(Code::bad_format, "tensor '", printable(tensor.name), "': ", tensor.data.size(),
         " bytes do not fit its shape");
  }
  std::vector<float> values(size);
  const auto& kernels = *kernels::select_kernels(Isa::best).matrix;
  kernels.dequantize[static_cast<int>(tensor.dtype)](tensor.data.data(), values.data(), count);
  return values;
}

}  // namespace phi::weights
