/// The type and layout in which a model's matrices are held, and what that takes.
#ifndef PHI_WEIGHTS_HELD_FORMS_H_
#define PHI_WEIGHTS_HELD_FORMS_H_

#include <cstdint>
#include <span>

#include "weights/model_tensors.h"
#include "weights/weight_store.h"

namespace phi::weights {

/// The matrix as the file has it.
Matrix stored_matrix(const ModelTensor& tensor);

/// Borrows the config.
class HeldForms {
 public:
  HeldForms(const ModelConfig& config, Weights weights, LayoutChoice layout)
      : config_(config), weights_(weights), layout_(layout) {}

  /// The same matrix as it is to be held; data still to be set where that is another form.
  Matrix matrix(const ModelTensor& tensor) const;

  /// Is the tensor a matrix that does not stay as the file has it?
  bool converts(const ModelTensor& tensor) const;

  /// Bytes that a tensor takes when held: vectors as floats, converted matrices at aligned places.
  uint64_t bytes(const ModelTensor& tensor) const;

  /// While loading, what is held and the source of the one matrix that is being converted are in
  /// memory.
  LoadPlan plan(std::span<const ModelTensor> tensors) const;

 private:
  bool fits_strips(const ModelTensor& tensor, DType dtype) const;
  Layout layout_of(const ModelTensor& tensor, DType dtype) const;

  const ModelConfig& config_;
  Weights weights_;
  LayoutChoice layout_;
};

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_HELD_FORMS_H_
