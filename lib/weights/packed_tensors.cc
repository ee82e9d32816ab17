/// The tensors of a model as packed files hold them.
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "weights/tensor_names.h"
#include "weights/weight_store.h"

namespace phi::weights {

namespace {

/// The matrices as one when they lie side by side in memory: slices of a fused matrix.
std::optional<Matrix> join(std::span<const Matrix> parts) {
  Matrix whole = parts.front();
  for (const Matrix& part : parts.subspan(1)) {
    const bool is_adjacent = whole.data + whole.size_bytes() == part.data;
    const bool is_alike =
        part.dtype == whole.dtype && part.layout == whole.layout && part.cols == whole.cols;
    if (!is_adjacent || !is_alike) return std::nullopt;
    whole.rows += part.rows;
  }
  return whole;
}

class PackedList {
 public:
  void add(Part part, uint32_t layer, const Matrix& matrix) {
    tensors_.push_back(
        {.name = tensor_name(Naming::packed, part, layer),
         .dtype = matrix.dtype,
         .shape = {static_cast<uint64_t>(matrix.rows), static_cast<uint64_t>(matrix.cols)},
         .data = {matrix.data, matrix.size_bytes()},
         .layout = matrix.layout});
  }

  /// Nothing where there is no such vector.
  void add(Part part, uint32_t layer, const std::vector<float>& values) {
    if (values.empty()) return;
    tensors_.push_back({.name = tensor_name(Naming::packed, part, layer),
                        .dtype = DType::f32,
                        .shape = {values.size()},
                        .data = std::as_bytes(std::span(values))});
  }

  std::vector<io::TensorEntry> take() { return std::move(tensors_); }

 private:
  std::vector<io::TensorEntry> tensors_;
};

/// Only phi3 is read back with fused parts; see tensor_names.h.
void add_layer(PackedList& list, uint32_t index, const LayerWeights& layer, bool may_fuse) {
  list.add(Part::attention_norm, index, layer.attention_norm);
  const Matrix qkv[] = {layer.q, layer.k, layer.v};
  if (const auto fused = join(qkv); fused && may_fuse) {
    list.add(Part::qkv, index, *fused);
  } else {
    list.add(Part::q, index, layer.q);
    list.add(Part::k, index, layer.k);
    list.add(Part::v, index, layer.v);
  }
  list.add(Part::q_bias, index, layer.q_bias);
  list.add(Part::k_bias, index, layer.k_bias);
  list.add(Part::v_bias, index, layer.v_bias);
  list.add(Part::o, index, layer.o);
  list.add(Part::mlp_norm, index, layer.mlp_norm);
  const Matrix gate_up[] = {layer.gate, layer.up};
  if (const auto fused = join(gate_up); fused && may_fuse) {
    list.add(Part::gate_up, index, *fused);
  } else {
    list.add(Part::gate, index, layer.gate);
    list.add(Part::up, index, layer.up);
  }
  list.add(Part::down, index, layer.down);
}

}  // namespace

std::vector<io::TensorEntry> WeightStore::packed_tensors() const {
  PackedList list;
  list.add(Part::embedding, 0, embedding_);
  list.add(Part::output_norm, 0, output_norm_);
  if (!config_.tied_embeddings) list.add(Part::output, 0, output_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    add_layer(list, static_cast<uint32_t>(i), layers_[i],
              config_.architecture == Architecture::phi3);
  }
  return list.take();
}

}  // namespace phi::weights
