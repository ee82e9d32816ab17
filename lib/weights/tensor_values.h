/// Small tensors read as floats: norms, biases, rope factors.
#ifndef PHI_WEIGHTS_TENSOR_VALUES_H_
#define PHI_WEIGHTS_TENSOR_VALUES_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "io/tensor_entry.h"

namespace phi::weights {

/// The tensor of that name, or nullptr.
const io::TensorEntry* find_tensor(std::span<const io::TensorEntry> tensors, std::string_view name);

/// Error{bad_format}: "tensor 'name': shape [5120, 17919], expected [5120, 17920]"
void check_shape(const io::TensorEntry& tensor, std::span<const uint64_t> expected);

/// The values of a vector [size] of type F32, F16 or BF16. Error{bad_format} for another shape or
/// type.
std::vector<float> vector_values(const io::TensorEntry& tensor, uint64_t size);

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_TENSOR_VALUES_H_
