/// What the tensors of a model are for, and how each container spells their names.
///
/// Phi-3 files fuse q, k, v and gate, up by rows: `qkv` [q rows; k rows; v rows] and `gate_up`
/// [gate rows; up rows]. Packed files keep that: whichever of the fused or the single tensors the
/// model came with is what they hold, under the names of the `packed` column. Every architecture
/// uses the same names; which parts a model has follows from its config.
#ifndef PHI_WEIGHTS_TENSOR_NAMES_H_
#define PHI_WEIGHTS_TENSOR_NAMES_H_

#include <cstdint>
#include <span>
#include <string>

#include "io/tensor_entry.h"

namespace phi::weights {

/// In the order in which packed files hold them; the parts from attention_norm on exist once per
/// layer.
enum class Part : uint8_t {
  embedding,
  output_norm,
  output,
  attention_norm,
  qkv,
  q,
  k,
  v,
  q_bias,
  k_bias,
  v_bias,
  o,
  mlp_norm,
  gate_up,
  gate,
  up,
  down,
};

enum class Naming : uint8_t { safetensors, gguf, packed };

/// "blk.3.attn_q.weight" for (gguf, q, 3); the layer is ignored for parts that exist once.
std::string tensor_name(Naming naming, Part part, uint32_t layer = 0);

/// The naming that a file's list of tensors follows.
Naming naming_of(std::span<const io::TensorEntry> tensors);

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_TENSOR_NAMES_H_
