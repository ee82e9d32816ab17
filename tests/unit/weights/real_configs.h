/// config.json of the real models, shortened to the members that matter, in the form in which their
/// repositories have them; and the same in the form that transformers 5 writes.
#ifndef PHI_UNIT_WEIGHTS_REAL_CONFIGS_H_
#define PHI_UNIT_WEIGHTS_REAL_CONFIGS_H_

#include <cstdint>

namespace phi::test {

inline constexpr const char* kPhi4 = R"({
  "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_act": "silu", "attention_bias": false,
  "bos_token_id": 100257, "eos_token_id": 100265, "pad_token_id": 100349, "hidden_size": 5120, "intermediate_size": 17920,
  "max_position_embeddings": 16384, "original_max_position_embeddings": 16384, "num_attention_heads": 40,
  "num_hidden_layers": 40, "num_key_value_heads": 10, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 250000,
  "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 100352})";

inline constexpr const char* kPhi4V5 = R"({
  "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_act": "silu", "dtype": "bfloat16",
  "bos_token_id": 100257, "eos_token_id": 100265, "pad_token_id": 100349, "hidden_size": 5120, "intermediate_size": 17920,
  "max_position_embeddings": 16384, "original_max_position_embeddings": 16384, "num_attention_heads": 40,
  "num_hidden_layers": 40, "num_key_value_heads": 10, "rms_norm_eps": 1e-05,
  "rope_parameters": {"partial_rotary_factor": 1.0, "rope_theta": 250000, "rope_type": "default"},
  "sliding_window": null, "tie_word_embeddings": false, "vocab_size": 100352})";

#define PHI4_MINI_FACTORS                                                                       \
  "\"short_factor\": ["                                                                         \
  "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "                    \
  "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1"                      \
  "], \"long_factor\": ["                                                                       \
  "1, 1.118320672, 1.250641126, 1.398617824, 1.564103225, 1.74916897, 1.956131817, "            \
  "2.187582649, 2.446418898, 2.735880826, 3.059592084, 3.421605075, 3.826451687, 4.279200023, " \
  "4.785517845, 5.351743533, 5.984965424, 6.693110555, 7.485043894, 8.370679318, 9.36110372, "  \
  "10.4687158, 11.70738129, 13.09260651, 14.64173252, 16.37415215, 18.31155283, 20.47818807, "  \
  "22.90118105, 25.61086418, 28.64115884, 32.03, 32.1, 32.13, 32.23, "                          \
  "32.6, 32.61, 32.64, 32.66, 32.7, 32.71, 32.93, "                                             \
  "32.97, 33.28, 33.49, 33.5, 44.16, 47.77"                                                     \
  "]"

inline constexpr const char* kPhi4Mini = R"({
  "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_act": "silu", "attention_bias": false,
  "mlp_bias": false, "bos_token_id": 199999, "eos_token_id": 199999, "pad_token_id": 199999, "hidden_size": 3072,
  "intermediate_size": 8192, "max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
  "num_attention_heads": 24, "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
  "partial_rotary_factor": 0.75, "rope_theta": 10000.0, "rope_scaling": {"type": "longrope", )" PHI4_MINI_FACTORS
                                         R"(},
  "sliding_window": 262144, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "vocab_size": 200064})";

inline constexpr const char* kPhi4MiniV5 = R"({
  "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_act": "silu", "bos_token_id": 199999,
  "eos_token_id": 199999, "pad_token_id": 199999, "hidden_size": 3072, "intermediate_size": 8192,
  "max_position_embeddings": 131072, "original_max_position_embeddings": 4096, "num_attention_heads": 24,
  "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_parameters": {"rope_type": "longrope",
  "rope_theta": 10000.0, "partial_rotary_factor": 0.75, "original_max_position_embeddings": 4096, )" PHI4_MINI_FACTORS
                                           R"(},
  "sliding_window": 262144, "tie_word_embeddings": true, "dtype": "bfloat16", "vocab_size": 200064})";

inline constexpr const char* kPhi3Medium4k = R"({
  "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_act": "silu", "bos_token_id": 1,
  "eos_token_id": 32000, "pad_token_id": 32000, "hidden_size": 5120, "intermediate_size": 17920,
  "max_position_embeddings": 4096, "original_max_position_embeddings": 4096, "num_attention_heads": 40,
  "num_hidden_layers": 40, "num_key_value_heads": 10, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10000.0,
  "sliding_window": 2047, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 32064})";

inline constexpr const char* kPhi3Mini4k = R"({
  "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_act": "silu", "bos_token_id": 1,
  "eos_token_id": 32000, "pad_token_id": 32000, "hidden_size": 3072, "intermediate_size": 8192,
  "max_position_embeddings": 4096, "original_max_position_embeddings": 4096, "num_attention_heads": 32,
  "num_hidden_layers": 32, "num_key_value_heads": 32, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10000.0,
  "sliding_window": 2047, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 32064})";

inline constexpr const char* kQwen14B = R"({
  "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu", "bos_token_id": 151643,
  "eos_token_id": 151645, "hidden_size": 5120, "intermediate_size": 13824, "max_position_embeddings": 32768,
  "max_window_layers": 70, "num_attention_heads": 40, "num_hidden_layers": 48, "num_key_value_heads": 8,
  "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": false,
  "torch_dtype": "bfloat16", "use_sliding_window": false, "vocab_size": 152064})";

inline constexpr const char* kQwen72B = R"({
  "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu", "bos_token_id": 151643,
  "eos_token_id": 151645, "hidden_size": 8192, "intermediate_size": 29568, "max_position_embeddings": 32768,
  "max_window_layers": 70, "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8,
  "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": false,
  "torch_dtype": "bfloat16", "use_sliding_window": false, "vocab_size": 152064})";

inline constexpr const char* kLlama70B = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "attention_bias": false,
  "mlp_bias": false, "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "hidden_size": 8192,
  "intermediate_size": 28672, "max_position_embeddings": 131072, "num_attention_heads": 64, "num_hidden_layers": 80,
  "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 8.0,
  "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
  "rope_theta": 500000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 128256})";

/// Parameters as the models' own pages and checkpoints count them.
struct RealModel {
  const char* name;
  const char* config;
  uint64_t parameters;
};

inline constexpr RealModel kRealModels[] = {
    {"Phi-4", kPhi4, 14'659'507'200},
    {"Phi-4 (transformers 5)", kPhi4V5, 14'659'507'200},
    {"Phi-4-mini", kPhi4Mini, 3'836'021'760},
    {"Phi-4-mini (transformers 5)", kPhi4MiniV5, 3'836'021'760},
    {"Phi-3-medium-4k", kPhi3Medium4k, 13'960'238'080},
    {"Phi-3-mini-4k", kPhi3Mini4k, 3'821'079'552},
    {"Qwen2.5-14B", kQwen14B, 14'770'033'664},
    {"Qwen2.5-72B", kQwen72B, 72'706'203'648},
    {"Llama-3.3-70B", kLlama70B, 70'553'706'496},
};

}  // namespace phi::test

#endif  // PHI_UNIT_WEIGHTS_REAL_CONFIGS_H_
