/// Which tensors a config asks for, and finding them in a file: every one present, of the right
/// shape and a usable type.
#ifndef PHI_WEIGHTS_MODEL_TENSORS_H_
#define PHI_WEIGHTS_MODEL_TENSORS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "io/tensor_entry.h"
#include "weights/model_config.h"
#include "weights/tensor_names.h"

namespace phi::weights {

/// A matrix [rows, cols], or a vector [rows] with cols 0.
struct PartShape {
  uint64_t rows = 0, cols = 0;
  bool is_matrix() const noexcept { return cols != 0; }
  uint64_t elements() const noexcept { return is_matrix() ? rows * cols : rows; }
};

/// The config has passed check_config.
PartShape part_shape(const ModelConfig& config, Part part);

/// A tensor of the file that the model uses. Borrows the entry.
struct ModelTensor {
  Part part;
  uint32_t layer;  ///< 0 for the parts that exist once
  PartShape shape;
  const io::TensorEntry* entry;
};

/// All tensors of the model, layer by layer. Tensors that the model does not use are passed over.
/// Error{bad_format}: "tensor 'model.layers.3.mlp.down_proj.weight': shape [5120, 17919], expected
/// [5120, 17920]"
std::vector<ModelTensor> find_model_tensors(std::span<const io::TensorEntry> tensors, Naming naming,
                                            const ModelConfig& config);

/// Weights of the model, each counted once: a tied output adds nothing.
uint64_t count_parameters(const ModelConfig& config);

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_MODEL_TENSORS_H_
