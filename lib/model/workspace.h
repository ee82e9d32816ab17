/// Scratch of one forward pass. Belongs to a session; reserved and touched when the session is
/// made.
#ifndef PHI_MODEL_WORKSPACE_H_
#define PHI_MODEL_WORKSPACE_H_

#include <cstdint>

#include "base/aligned_buffer.h"
#include "ops/attention.h"
#include "ops/linear.h"
#include "ops/rope.h"
#include "weights/model_config.h"

namespace phi::model {

/// Rows of a prompt that go through the layers together.
inline constexpr int64_t kMaxChunk = 512;

/// One forward pass at a time.
class Workspace {
 public:
  /// context: positions of the session, which bounds the chunk.
  Workspace(const weights::ModelConfig& config, int64_t context, int threads);
  static uint64_t size_bytes(const weights::ModelConfig& config, int64_t context, int threads);

  int64_t chunk() const noexcept { return chunk_; }  ///< min(kMaxChunk, context)

  /// What flows through the layers; all f32, dense rows.
  struct Activations {
    float* residual;      ///< [chunk, hidden]: the stream that every block adds to
    float* block_input;   ///< [chunk, max(hidden, heads * head_dim)]: normalised rows; then the
                          ///< result of attention
    float* inner;         ///< [chunk, max(q | k | v, gate | up)]
    ops::RopeTable rope;  ///< [chunk, rotary_dim / 2]
  };
  const Activations& activations() const noexcept { return activations_; }
  ops::LinearScratch& linear() noexcept { return linear_; }
  ops::AttentionScratch& attention() noexcept { return attention_; }

 private:
  int64_t chunk_;
  AlignedBuffer buffer_;
  Activations activations_;
  ops::LinearScratch linear_;
  ops::AttentionScratch attention_;
};

}  // namespace phi::model

#endif  // PHI_MODEL_WORKSPACE_H_
