#include "weights/tensor_names.h"

#include <algorithm>
#include <string_view>

namespace phi::weights {

namespace {

/// '#' stands for the layer.
struct Row {
  Part part;
  std::string_view safetensors, gguf, packed;
};

// GGUF calls the fused gate;up of phi3 ffn_up as well; there is no ffn_gate beside it then.
constexpr Row kNames[] = {
    {Part::embedding, "model.embed_tokens.weight", "token_embd.weight", "embedding"},
    {Part::output_norm, "model.norm.weight", "output_norm.weight", "output_norm"},
    {Part::output, "lm_head.weight", "output.weight", "output"},
    {Part::attention_norm, "model.layers.#.input_layernorm.weight", "blk.#.attn_norm.weight",
     "layers.#.attention.norm"},
    {Part::qkv, "model.layers.#.self_attn.qkv_proj.weight", "blk.#.attn_qkv.weight",
     "layers.#.attention.qkv"},
    {Part::q, "model.layers.#.self_attn.q_proj.weight", "blk.#.attn_q.weight",
     "layers.#.attention.q"},
    {Part::k, "model.layers.#.self_attn.k_proj.weight", "blk.#.attn_k.weight",
     "layers.#.attention.k"},
    {Part::v, "model.layers.#.self_attn.v_proj.weight", "blk.#.attn_v.weight",
     "layers.#.attention.v"},
    {Part::q_bias, "model.layers.#.self_attn.q_proj.bias", "blk.#.attn_q.bias",
     "layers.#.attention.q_bias"},
    {Part::k_bias, "model.layers.#.self_attn.k_proj.bias", "blk.#.attn_k.bias",
     "layers.#.attention.k_bias"},
    {Part::v_bias, "model.layers.#.self_attn.v_proj.bias", "blk.#.attn_v.bias",
     "layers.#.attention.v_bias"},
    {Part::o, "model.layers.#.self_attn.o_proj.weight", "blk.#.attn_output.weight",
     "layers.#.attention.o"},
    {Part::mlp_norm, "model.layers.#.post_attention_layernorm.weight", "blk.#.ffn_norm.weight",
     "layers.#.mlp.norm"},
    {Part::gate_up, "model.layers.#.mlp.gate_up_proj.weight", "blk.#.ffn_up.weight",
     "layers.#.mlp.gate_up"},
    {Part::gate, "model.layers.#.mlp.gate_proj.weight", "blk.#.ffn_gate.weight",
     "layers.#.mlp.gate"},
    {Part::up, "model.layers.#.mlp.up_proj.weight", "blk.#.ffn_up.weight", "layers.#.mlp.up"},
    {Part::down, "model.layers.#.mlp.down_proj.weight", "blk.#.ffn_down.weight",
     "layers.#.mlp.down"},
};

std::string_view pattern(Naming naming, Part part) {
  const Row& row = kNames[static_cast<size_t>(part)];
  switch (naming) {
    case Naming::safetensors:
      return row.safetensors;
    case Naming::gguf:
      return row.gguf;
    case Naming::packed:
      return row.packed;
  }
  return {};
}

constexpr bool rows_follow_the_enumeration() {
  size_t index = 0;
  for (const Row& row : kNames) {
    if (static_cast<size_t>(row.part) != index++) return false;
  }
  return index == static_cast<size_t>(Part::down) + 1;
}
static_assert(rows_follow_the_enumeration());

}  // namespace

std::string tensor_name(Naming naming, Part part, uint32_t layer) {
  std::string name(pattern(naming, part));
  const size_t hole = name.find('#');
  if (hole != std::string::npos) name.replace(hole, 1, std::to_string(layer));
  return name;
}

Naming naming_of(std::span<const io::TensorEntry> tensors) {
  const auto any_starts_with = [tensors](std::string_view prefix) {
    return std::ranges::any_of(tensors, [prefix](const io::TensorEntry& tensor) {
      return tensor.name.starts_with(prefix);
    });
  };
  if (any_starts_with("model.")) return Naming::safetensors;
  return any_starts_with("blk.") ? Naming::gguf : Naming::packed;
}

}  // namespace phi::weights
