#include "weights/model_config.h"

#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "weights/limits.h"

namespace phi::weights {

namespace {

void check_range(const std::string& source, std::string_view what, uint32_t value, uint32_t limit) {
  if (value == 0 || value > limit) {
    fail(Code::bad_format, source, ": ", what, " ", value, " is outside 1..", limit);
  }
}

/// Zero is a frequency too: a pair that does not turn.
void check_frequencies(const std::string& source, const std::vector<float>& frequencies,
                       uint32_t rotary_dim) {
  if (frequencies.size() != rotary_dim / 2) {
    fail(Code::bad_format, source, ": ", frequencies.size(), " rope frequencies, expected ",
         rotary_dim / 2);
  }
  const auto usable = [](float value) { return std::isfinite(value) && value >= 0; };
  if (!std::ranges::all_of(frequencies, usable)) {
    fail(Code::bad_format, source, ": rope parameters give frequencies that are not finite");
  }
}

void check_rope(const RopeConfig& rope, uint32_t head_dim, const std::string& source) {
  if (rope.rotary_dim == 0 || rope.rotary_dim % 2 != 0 || rope.rotary_dim > head_dim) {
    fail(Code::bad_format, source, ": rotary dimension ", rope.rotary_dim,
         " is not an even number up to the head dimension ", head_dim);
  }
  check_frequencies(source, rope.inverse_frequency, rope.rotary_dim);
  if (!rope.long_inverse_frequency.empty()) {
    check_frequencies(source, rope.long_inverse_frequency, rope.rotary_dim);
    check_range(source, "original context", rope.original_context, kMaxContext);
  }
  if (!(std::isfinite(rope.attention_factor) && rope.attention_factor > 0)) {
    fail(Code::bad_format, source, ": rope attention factor ", rope.attention_factor,
         " is not above zero");
  }
}

void check_heads(const ModelConfig& config, const std::string& source) {
  check_range(source, "number of heads", config.heads, kMaxHeads);
  check_range(source, "number of kv heads", config.kv_heads, config.heads);
  if (config.heads % config.kv_heads != 0) {
    fail(Code::bad_format, source, ": ", config.heads, " heads are not a multiple of ",
         config.kv_heads, " kv heads");
  }
  check_range(source, "head dimension", config.head_dim, kMaxHeadDim);
  if (config.head_dim % 2 != 0) {
    fail(Code::bad_format, source, ": head dimension ", config.head_dim, " is odd");
  }
}

}  // namespace

const char* architecture_name(Architecture architecture) noexcept {
  switch (architecture) {
    case Architecture::phi3:
      return "phi3";
    case Architecture::qwen2:
      return "qwen2";
    case Architecture::llama:
      return "llama";
  }
  return "unknown";
}

void check_config(const ModelConfig& config, const std::string& source) {
  check_range(source, "number of layers", config.layers, kMaxLayers);
  check_range(source, "hidden size", config.hidden, kMaxHidden);
  check_range(source, "intermediate size", config.intermediate, kMaxIntermediate);
  check_range(source, "vocabulary size", config.vocab_size, kMaxVocab);
  check_range(source, "context length", config.context, kMaxContext);
  check_heads(config, source);
  check_rope(config.rope, config.head_dim, source);
  if (!(std::isfinite(config.rms_norm_eps) && config.rms_norm_eps >= 0)) {
    fail(Code::bad_format, source, ": rms norm epsilon ", config.rms_norm_eps,
         " is not a number from zero up");
  }
  const auto in_vocabulary = [&](Token token) {
    return token >= 0 && static_cast<uint32_t>(token) < config.vocab_size;
  };
  if (!std::ranges::all_of(config.end_tokens, in_vocabulary)) {
    fail(Code::bad_format, source, ": an end token is outside the vocabulary");
  }
}

}  // namespace phi::weights
