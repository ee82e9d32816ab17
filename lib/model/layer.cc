#include "model/layer.h"

#include <array>
#include <vector>

#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/norm.h"
#include "ops/rope.h"

namespace phi::model {

namespace {

using weights::LayerWeights;
using weights::Matrix;

std::vector<float> qkv_bias(const LayerWeights& weights) {
  std::vector<float> bias = weights.q_bias;
  bias.insert(bias.end(), weights.k_bias.begin(), weights.k_bias.end());
  bias.insert(bias.end(), weights.v_bias.begin(), weights.v_bias.end());
  return bias;
}

}  // namespace

void Pass::multiply(const ops::Linear& linear, const float* x, int64_t x_stride, float* y,
                    ops::Store store) const {
  checkpoint.check();
  if (phase == Phase::generation) {
    linear.decode(x, y, store, workspace.linear(), run);
  } else {
    linear.prefill({x, x_stride, y, linear.out_features(), rows, precision}, store,
                   workspace.linear(), run);
  }
}

Layer::Layer(const LayerWeights& weights, const weights::ModelConfig& config,
             const kernels::Kernels& kernels, const std::shared_ptr<const ops::GemmKernels>& gemm)
    : weights_(weights),
      config_(config),
      shapes_(config),
      kernels_(kernels),
      qkv_(std::array<Matrix, 3>{weights.q, weights.k, weights.v}, qkv_bias(weights), kernels,
           gemm),
      output_(std::array<Matrix, 1>{weights.o}, {}, kernels, gemm),
      gate_up_(std::array<Matrix, 2>{weights.gate, weights.up}, {}, kernels, gemm),
      down_(std::array<Matrix, 1>{weights.down}, {}, kernels, gemm) {}

void Layer::run(const Pass& pass, const ops::KvView& cache) const {
  normalize(pass, weights_.attention_norm);
  project_qkv(pass);
  rotate_queries_and_keys(pass);
  store_keys_and_values(pass, cache);
  attend(pass, cache);
  project_attention(pass);

  normalize(pass, weights_.mlp_norm);
  project_gate_up(pass);
  activate(pass);
  project_down(pass);
}

void Layer::normalize(const Pass& pass, std::span<const float> weight) const {
  const Workspace::Activations& a = pass.activations();
  ops::rms_norm(a.residual, pass.rows, weight, config_.rms_norm_eps, a.block_input, kernels_,
                pass.run);
}

void Layer::project_qkv(const Pass& pass) const {
  const Workspace::Activations& a = pass.activations();
  pass.multiply(qkv_, a.block_input, shapes_.hidden, a.inner, ops::Store::replace);
}

void Layer::rotate_queries_and_keys(const Pass& pass) const {
  const Workspace::Activations& a = pass.activations();
  // q and k lie side by side: to the rotation they are one row of heads.
  const ops::HeadRows heads{a.inner, shapes_.qkv_width, pass.rows,
                            shapes_.attention.heads + shapes_.attention.kv_heads,
                            shapes_.attention.head_dim};
  ops::rotate(heads, a.rope, config_.rope.pairs, kernels_, pass.run);
}

void Layer::store_keys_and_values(const Pass& pass, const ops::KvView& cache) const {
  const float* keys = pass.activations().inner + shapes_.attention_width;
  ops::store_kv({keys, keys + shapes_.kv_width, shapes_.qkv_width, pass.rows, pass.position}, cache,
                kernels_, pass.run);
}

void Layer::attend(const Pass& pass, const ops::KvView& cache) const {
  pass.checkpoint.check();
  const Workspace::Activations& a = pass.activations();
  const ops::Queries queries{a.inner,       shapes_.qkv_width, pass.rows,
                             pass.position, a.block_input,     shapes_.attention_width};
  const auto attend = pass.phase == Phase::generation ? ops::attend_next : ops::attend_prompt;
  attend(queries, cache, pass.workspace.attention(), kernels_, pass.run);
}

void Layer::project_attention(const Pass& pass) const {
  const Workspace::Activations& a = pass.activations();
  pass.multiply(output_, a.block_input, shapes_.attention_width, a.residual, ops::Store::add);
}

void Layer::project_gate_up(const Pass& pass) const {
  const Workspace::Activations& a = pass.activations();
  pass.multiply(gate_up_, a.block_input, shapes_.hidden, a.inner, ops::Store::replace);
}

void Layer::activate(const Pass& pass) const {
  ops::swiglu_in_place(pass.activations().inner, pass.rows, shapes_.intermediate, kernels_,
                       pass.run);
}

void Layer::project_down(const Pass& pass) const {
  const Workspace::Activations& a = pass.activations();
  pass.multiply(down_, a.inner, 2 * shapes_.intermediate, a.residual, ops::Store::add);
}

uint64_t Layer::size_bytes() const noexcept {
  const size_t biases = weights_.q_bias.size() + weights_.k_bias.size() + weights_.v_bias.size();
  return sizeof(Layer) + biases * sizeof(float);
}

}  // namespace phi::model
