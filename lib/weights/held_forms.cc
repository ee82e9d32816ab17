#include "weights/held_forms.h"

#include <algorithm>

#include "base/checked.h"
#include "kernels/strip_layout.h"
#include "weights/conversion.h"

namespace phi::weights {

namespace {

constexpr uint64_t kMatrixAlignment = 64;

}  // namespace

Matrix stored_matrix(const ModelTensor& tensor) {
  return {.name = tensor.entry->name,
          .dtype = tensor.entry->dtype,
          .rows = static_cast<int64_t>(tensor.shape.rows),
          .cols = static_cast<int64_t>(tensor.shape.cols),
          .data = tensor.entry->data.data(),
          .layout = tensor.entry->layout};
}

/// Strips are for matrices that are multiplied. Those that are fused by rows are cut into their
/// parts, which must begin at strips.
bool HeldForms::fits_strips(const ModelTensor& tensor, DType dtype) const {
  const auto fills_strips = [this](Part part) {
    return part_shape(config_, part).rows % kStripRows == 0;
  };
  if (!kernels::has_strips(dtype)) return false;
  if (tensor.part == Part::embedding) return config_.tied_embeddings;
  if (tensor.part == Part::qkv) return fills_strips(Part::q) && fills_strips(Part::k);
  if (tensor.part == Part::gate_up) return fills_strips(Part::gate);
  return true;
}

Layout HeldForms::layout_of(const ModelTensor& tensor, DType dtype) const {
  if (layout_ == LayoutChoice::as_stored && dtype == tensor.entry->dtype)
    return tensor.entry->layout;
  return layout_ == LayoutChoice::strips && fits_strips(tensor, dtype) ? Layout::strips
                                                                       : Layout::rows;
}

Matrix HeldForms::matrix(const ModelTensor& tensor) const {
  Matrix matrix = stored_matrix(tensor);
  matrix.dtype = held_type(weights_, tensor.part, matrix.dtype, matrix.cols);
  matrix.layout = layout_of(tensor, matrix.dtype);
  if (matrix.dtype != tensor.entry->dtype || matrix.layout != tensor.entry->layout)
    matrix.data = nullptr;
  return matrix;
}

bool HeldForms::converts(const ModelTensor& tensor) const {
  return tensor.shape.is_matrix() && matrix(tensor).data == nullptr;
}

uint64_t HeldForms::bytes(const ModelTensor& tensor) const {
  if (!tensor.shape.is_matrix()) return tensor.shape.rows * sizeof(float);
  const Matrix held = matrix(tensor);
  return held.data == nullptr ? round_up(held.size_bytes(), kMatrixAlignment) : held.size_bytes();
}

LoadPlan HeldForms::plan(std::span<const ModelTensor> tensors) const {
  LoadPlan plan;
  uint64_t largest_source = 0;
  for (const ModelTensor& tensor : tensors) {
    plan.weight_bytes += bytes(tensor);
    if (converts(tensor))
      largest_source = std::max<uint64_t>(largest_source, tensor.entry->data.size());
  }
  plan.peak_bytes = plan.weight_bytes + largest_source;
  return plan;
}

}  // namespace phi::weights
