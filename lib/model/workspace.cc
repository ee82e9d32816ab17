#include "model/workspace.h"

#include <algorithm>

#include "base/checked.h"
#include "model/shapes.h"

namespace phi::model {

namespace {

constexpr int64_t kCacheLineFloats = 16;

/// Floats of each part of Activations, every part a whole number of cache lines.
struct Parts {
  Parts(const weights::ModelConfig& config, int64_t chunk) {
    const Shapes shapes(config);
    const auto part = [chunk](int64_t width) {
      return ceil_div(chunk * width, kCacheLineFloats) * kCacheLineFloats;
    };
    residual = part(shapes.hidden);
    block_input = part(std::max(shapes.hidden, shapes.attention_width));
    inner = part(std::max(shapes.qkv_width, 2 * shapes.intermediate));
    rope = part(shapes.rotary_half);
  }
  int64_t total() const { return residual + block_input + inner + 2 * rope; }

  int64_t residual, block_input, inner, rope;
};

int64_t chunk_rows(int64_t context) { return std::clamp<int64_t>(context, 1, kMaxChunk); }

uint64_t activation_bytes(const weights::ModelConfig& config, int64_t chunk) {
  return static_cast<uint64_t>(Parts(config, chunk).total()) * sizeof(float);
}

Workspace::Activations lay_out(const weights::ModelConfig& config, int64_t chunk, float* base) {
  const Parts parts(config, chunk);
  float* const block_input = base + parts.residual;
  float* const inner = block_input + parts.block_input;
  float* const cosine = inner + parts.inner;
  return {base, block_input, inner, {cosine, cosine + parts.rope, Shapes(config).rotary_half}};
}

}  // namespace

Workspace::Workspace(const weights::ModelConfig& config, int64_t context, int threads)
    : chunk_(chunk_rows(context)),
      buffer_(activation_bytes(config, chunk_), "activations"),
      activations_(lay_out(config, chunk_, buffer_.as<float>())),
      linear_(chunk_, Shapes(config).widest_input(), threads),
      attention_(Shapes(config).attention, context, threads) {
  buffer_.touch();
  linear_.touch();
  attention_.touch();
}

uint64_t Workspace::size_bytes(const weights::ModelConfig& config, int64_t context, int threads) {
  const int64_t chunk = chunk_rows(context);
  const Shapes shapes(config);
  return activation_bytes(config, chunk) +
         ops::LinearScratch::size_bytes(chunk, shapes.widest_input(), threads) +
         ops::AttentionScratch::size_bytes(shapes.attention, context, threads);
}

}  // namespace phi::model
