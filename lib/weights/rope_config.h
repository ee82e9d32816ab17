/// Rotary embedding: from what a model's files say to the frequencies that the arithmetic needs.
#ifndef PHI_WEIGHTS_ROPE_CONFIG_H_
#define PHI_WEIGHTS_ROPE_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weights/model_config.h"

namespace phi::weights {

enum class RopeType : int32_t { plain, linear, llama3, yarn, longrope };

/// The types by the names that config.json and GGUF give them ("default" and "none" are plain, "su"
/// is longrope). Error{unsupported} for any other; `where` names the member.
RopeType rope_type_by_name(std::string_view name, std::string_view where);

/// The parameters of all types side by side; each type reads its own.
struct RopeParameters {
  RopeType type = RopeType::plain;
  RopePairs pairs = RopePairs::halves;
  uint32_t rotary_dim = 0;
  double theta = 10000;
  uint32_t context = 0;               ///< longrope: the extended length
  uint32_t original_context = 0;      ///< llama3, yarn, longrope: the length before the extension
  std::optional<double> factor = {};  ///< linear, llama3 and yarn need it
  std::optional<double> attention_factor = {};             ///< yarn, longrope: instead of the rule
  double low_freq_factor = 1, high_freq_factor = 4;        ///< llama3
  double beta_fast = 32, beta_slow = 1;                    ///< yarn
  std::optional<double> mscale = {}, mscale_all_dim = {};  ///< yarn
  bool truncate = true;                                    ///< yarn: whole correction dimensions
  std::vector<float> short_factors = {}, long_factors = {};  ///< longrope [rotary_dim/2]
  std::vector<float> divisors = {};  ///< of each frequency, from GGUF [rotary_dim/2] or empty
};

/// Computes the frequencies in float32, operation by operation as transformers'
/// modeling_rope_utils.py does. Error{bad_format} when a parameter is missing or impossible;
/// `source` names the file.
RopeConfig resolve_rope(const RopeParameters& parameters, const std::string& source);

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_ROPE_CONFIG_H_
