#include "weights/model_tensors.h"

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/fail.h"
#include "weights/tensor_values.h"

namespace phi::weights {

namespace {

enum class Fused : bool { no, yes };

/// The parts of one layer in the order of the enumeration.
std::vector<Part> layer_parts(const ModelConfig& config, Fused attention, Fused mlp) {
  std::vector<Part> parts{Part::attention_norm};
  const auto add = [&parts](std::initializer_list<Part> more) {
    for (const Part part : more) parts.push_back(part);
  };
  if (attention == Fused::yes) {
    add({Part::qkv});
  } else {
    add({Part::q, Part::k, Part::v});
  }
  if (config.qkv_bias) add({Part::q_bias, Part::k_bias, Part::v_bias});
  add({Part::o, Part::mlp_norm});
  if (mlp == Fused::yes) {
    add({Part::gate_up});
  } else {
    add({Part::gate, Part::up});
  }
  add({Part::down});
  return parts;
}

std::vector<Part> once_parts(const ModelConfig& config) {
  std::vector<Part> parts{Part::embedding, Part::output_norm};
  if (!config.tied_embeddings) parts.push_back(Part::output);
  return parts;
}

/// The tensors of a file by name.
class TensorFinder {
 public:
  TensorFinder(std::span<const io::TensorEntry> tensors, Naming naming, const ModelConfig& config)
      : naming_(naming), config_(config) {
    for (const io::TensorEntry& tensor : tensors) {
      if (!by_name_.emplace(tensor.name, &tensor).second) {
        fail(Code::bad_format, "tensor '", printable(tensor.name), "' is listed twice");
      }
    }
  }

  bool has(Part part, uint32_t layer) const {
    return by_name_.contains(tensor_name(naming_, part, layer));
  }

  ModelTensor find(Part part, uint32_t layer) const {
    const std::string name = tensor_name(naming_, part, layer);
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) fail(Code::bad_format, "tensor '", name, "' is missing");
    const ModelTensor tensor{part, layer, part_shape(config_, part), found->second};
    check(tensor);
    return tensor;
  }

 private:
  static void check(const ModelTensor& tensor) {
    const uint64_t expected[] = {tensor.shape.rows, tensor.shape.cols};
    check_shape(*tensor.entry, std::span(expected, tensor.shape.is_matrix() ? 2 : 1));
    if (tensor.shape.is_matrix()) check_rows(tensor);
  }

  /// The shape fits the config by now, so that the products below cannot overflow.
  static void check_rows(const ModelTensor& tensor) {
    const DTypeInfo& type = dtype_info(tensor.entry->dtype);
    const auto block = static_cast<uint64_t>(type.block_elements);
    if (tensor.shape.cols % block != 0) {
      fail(Code::bad_format, "tensor '", tensor.entry->name, "': rows of ", tensor.shape.cols,
           " are not a multiple of the ", block, " elements of a ", type.name, " block");
    }
    const std::string what = concat("tensor '", tensor.entry->name, "'");
    const uint64_t bytes =
        io::tensor_bytes(tensor.entry->dtype, tensor.entry->shape, tensor.entry->layout, what);
    if (tensor.entry->data.size() != bytes) {
      fail(Code::bad_format, what, ": ", tensor.entry->data.size(), " bytes, expected ", bytes);
    }
  }

  Naming naming_;
  const ModelConfig& config_;
  std::unordered_map<std::string_view, const io::TensorEntry*> by_name_;
};

}  // namespace

PartShape part_shape(const ModelConfig& config, Part part) {
  const uint64_t hidden = config.hidden, intermediate = config.intermediate;
  const uint64_t q_rows = uint64_t{config.heads} * config.head_dim;
  const uint64_t kv_rows = uint64_t{config.kv_heads} * config.head_dim;
  switch (part) {
    case Part::embedding:
    case Part::output:
      return {config.vocab_size, hidden};
    case Part::output_norm:
    case Part::attention_norm:
    case Part::mlp_norm:
      return {hidden, 0};
    case Part::qkv:
      return {q_rows + 2 * kv_rows, hidden};
    case Part::q:
      return {q_rows, hidden};
    case Part::k:
    case Part::v:
      return {kv_rows, hidden};
    case Part::q_bias:
      return {q_rows, 0};
    case Part::k_bias:
    case Part::v_bias:
      return {kv_rows, 0};
    case Part::o:
      return {hidden, q_rows};
    case Part::gate_up:
      return {2 * intermediate, hidden};
    case Part::gate:
    case Part::up:
      return {intermediate, hidden};
    case Part::down:
      return {hidden, intermediate};
  }
  return {};
}

namespace {

/// The setting that says how many layers there are, as each kind of file calls it.
const char* layer_count_key(Naming naming) {
  return naming == Naming::gguf     ? "block_count"
         : naming == Naming::packed ? "layers"
                                    : "num_hidden_layers";
}

}  // namespace

std::vector<ModelTensor> find_model_tensors(std::span<const io::TensorEntry> tensors, Naming naming,
                                            const ModelConfig& config) {
  if (config.layers > tensors.size()) {
    fail(Code::bad_format, "'", layer_count_key(naming), "': ", config.layers,
         " layers, but the model's files hold only ", tensors.size(), " tensors");
  }
  const TensorFinder finder(tensors, naming, config);
  std::vector<ModelTensor> found;
  for (const Part part : once_parts(config)) found.push_back(finder.find(part, 0));

  const bool phi3 = config.architecture == Architecture::phi3;
  for (uint32_t layer = 0; layer < config.layers; ++layer) {
    const auto attention = static_cast<Fused>(phi3 && !finder.has(Part::q, layer));
    const auto mlp = static_cast<Fused>(phi3 && !finder.has(Part::gate, layer));
    for (const Part part : layer_parts(config, attention, mlp)) {
      found.push_back(finder.find(part, layer));
    }
  }
  return found;
}

uint64_t count_parameters(const ModelConfig& config) {
  uint64_t once = 0, layer = 0;
  for (const Part part : once_parts(config)) once += part_shape(config, part).elements();
  for (const Part part : layer_parts(config, Fused::no, Fused::no)) {
    layer += part_shape(config, part).elements();
  }
  return once + config.layers * layer;
}

}  // namespace phi::weights
