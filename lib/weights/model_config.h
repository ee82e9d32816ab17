/// Everything about a model's shape and arithmetic that its own files say. Never hard-coded, always
/// checked.
#ifndef PHI_WEIGHTS_MODEL_CONFIG_H_
#define PHI_WEIGHTS_MODEL_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "io/gguf.h"
#include "io/json.h"
#include "phi/types.h"

namespace phi::weights {

enum class Architecture : int32_t { phi3, qwen2, llama };
const char* architecture_name(Architecture architecture) noexcept;

/// Which elements of a head rotate together: (i, i + rotary_dim/2), or (2i, 2i+1) as in llama GGUF
/// files.
enum class RopePairs : int32_t { halves, neighbours };

/// Rotary embedding, resolved to what the arithmetic needs: angle(position, i) = position *
/// inverse_frequency[i]; cos and sin are multiplied by attention_factor.
struct RopeConfig {
  RopePairs pairs = RopePairs::halves;
  uint32_t rotary_dim = 0;               ///< even, <= head_dim; the rest of the head passes through
  std::vector<float> inverse_frequency;  ///< [rotary_dim/2]
  std::vector<float>
      long_inverse_frequency;     ///< longrope only: used when the length exceeds original_context
  uint32_t original_context = 0;  ///< longrope only; 0 otherwise
  float attention_factor = 1;

  friend bool operator==(const RopeConfig&, const RopeConfig&) = default;
};

struct ModelConfig {
  Architecture architecture = Architecture::phi3;
  std::string name;  ///< may be empty
  uint32_t layers = 0, hidden = 0, intermediate = 0, heads = 0, kv_heads = 0, head_dim = 0,
           vocab_size = 0;
  uint32_t context = 0;         ///< max_position_embeddings
  uint32_t sliding_window = 0;  ///< keys visible to a query, itself included; 0 = all
  float rms_norm_eps = 0;
  bool tied_embeddings = false;
  bool qkv_bias = false;
  RopeConfig rope;
  std::vector<Token>
      end_tokens;  ///< what the model's own config and generation config call end tokens
  Token bos = -1, pad = -1;

  friend bool operator==(const ModelConfig&, const ModelConfig&) = default;
};

/// Reads config.json and generation_config.json (null if absent) in their legacy and their
/// transformers-5 form. Error{bad_format} names the member at fault; Error{unsupported} for another
/// architecture, activation or rope type.
ModelConfig config_from_json(const io::Json& config, const io::Json* generation,
                             const std::string& source);

/// Reads the metadata of a GGUF file; rope factor tensors are read from its tensors.
ModelConfig config_from_gguf(const io::Gguf& gguf);

/// Packed files carry the resolved config.
std::string config_to_text(const ModelConfig& config);
ModelConfig config_from_text(const std::string& text, const std::string& source);

/// Limits that hold for every source: nothing zero, products in range, kv_heads divides heads.
/// Error{bad_format}
void check_config(const ModelConfig& config, const std::string& source);

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_MODEL_CONFIG_H_
