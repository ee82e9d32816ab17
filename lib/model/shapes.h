/// The widths that a config implies, as signed numbers that loops can use.
#ifndef PHI_MODEL_SHAPES_H_
#define PHI_MODEL_SHAPES_H_

#include <algorithm>
#include <cstdint>

#include "ops/attention.h"
#include "weights/model_config.h"

namespace phi::model {

struct Shapes {
  explicit Shapes(const weights::ModelConfig& config)
      : hidden(config.hidden),
        intermediate(config.intermediate),
        vocab(config.vocab_size),
        rotary_half(config.rope.rotary_dim / 2),
        attention{config.heads, config.kv_heads, config.head_dim, config.sliding_window},
        attention_width(attention.heads * attention.head_dim),
        kv_width(attention.kv_heads * attention.head_dim),
        qkv_width(attention_width + 2 * kv_width) {}

  int64_t widest_input() const noexcept {
    return std::max({hidden, attention_width, intermediate});
  }

  int64_t hidden, intermediate, vocab, rotary_half;
  ops::AttentionShape attention;
  int64_t attention_width;  ///< of all query heads
  int64_t kv_width;         ///< of all key heads, and of all value heads
  int64_t qkv_width;        ///< q | k | v side by side
};

}  // namespace phi::model

#endif  // PHI_MODEL_SHAPES_H_
