/// One decoder layer: attention and feed-forward network, each added to the residual stream.
#ifndef PHI_MODEL_LAYER_H_
#define PHI_MODEL_LAYER_H_

#include <cstdint>
#include <memory>
#include <span>

#include "base/run_context.h"
#include "kernels/dispatch.h"
#include "model/checkpoint.h"
#include "model/shapes.h"
#include "model/workspace.h"
#include "ops/kv_view.h"
#include "ops/linear.h"
#include "weights/weight_store.h"

namespace phi::model {

/// The two arithmetics of linear.h and attention.h. Generation has one row.
enum class Phase : int32_t { prompt, generation };

/// Consecutive rows of the residual stream on their way through the layers.
struct Pass {
  Phase phase;
  int64_t rows;
  int64_t position;  ///< of the first row
  Workspace& workspace;
  Checkpoint& checkpoint;
  const RunContext& run;
  Precision precision = Precision::standard;  ///< of prompts

  const Workspace::Activations& activations() const noexcept { return workspace.activations(); }

  /// The one way into a matrix: y [rows, out] (+)= x [rows, in], the rows x_stride apart.
  void multiply(const ops::Linear& linear, const float* x, int64_t x_stride, float* y,
                ops::Store store) const;
};

/// Immutable; borrows the weights and the config.
class Layer {
 public:
  Layer(const weights::LayerWeights& weights, const weights::ModelConfig& config,
        const kernels::Kernels& kernels, const std::shared_ptr<const ops::GemmKernels>& gemm);

  /// Replaces the rows of the residual stream; their keys and values go into the cache.
  /// Error{cancelled}
  void run(const Pass& pass, const ops::KvView& cache) const;

  /// Bytes beside the weights.
  uint64_t size_bytes() const noexcept;

 private:
  void normalize(const Pass& pass, std::span<const float> weight) const;
  void project_qkv(const Pass& pass) const;
  void rotate_queries_and_keys(const Pass& pass) const;
  void store_keys_and_values(const Pass& pass, const ops::KvView& cache) const;
  void attend(const Pass& pass, const ops::KvView& cache) const;
  void project_attention(const Pass& pass) const;
  void project_gate_up(const Pass& pass) const;
  void activate(const Pass& pass) const;
  void project_down(const Pass& pass) const;

  const weights::LayerWeights& weights_;
  const weights::ModelConfig& config_;
  Shapes shapes_;
  kernels::Kernels kernels_;
  ops::Linear qkv_, output_, gate_up_, down_;
};

}  // namespace phi::model

#endif  // PHI_MODEL_LAYER_H_
