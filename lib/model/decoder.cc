#include "model/decoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"
#include "model/checkpoint.h"
#include "model/layer.h"
#include "model/shapes.h"
#include "ops/norm.h"
#include "ops/rope.h"
#include "weights/matrix_rows.h"

namespace phi::model {

namespace {

constexpr int64_t kEmbeddingRowsPerTask = 16;  // some tens of microseconds at Phi-4 size

}  // namespace

struct Decoder::Impl {
  Impl(const weights::WeightStore& weight_store, Isa cap)
      : store(weight_store),
        config(weight_store.config()),
        shapes(config),
        kernels(kernels::select_kernels(cap)),
        gemm(ops::make_gemm_kernels(kernels)),
        output(std::array<weights::Matrix, 1>{store.output()}, {}, kernels, gemm) {
    layers.reserve(store.layers().size());
    for (const weights::LayerWeights& layer : store.layers())
      layers.emplace_back(layer, config, kernels, gemm);
  }

  void embed(std::span<const Token> tokens, const Pass& pass) const;
  void fill_rope(RopeRange range, const Pass& pass) const;
  void run_layers(std::span<const Token> tokens, RopeRange range,
                  std::span<const ops::KvView> cache, const Pass& pass) const;
  void logits(int64_t first_row, int64_t rows, float* out, const Pass& pass) const;

  const weights::WeightStore& store;
  const weights::ModelConfig& config;
  Shapes shapes;
  kernels::Kernels kernels;
  std::shared_ptr<const ops::GemmKernels> gemm;
  std::vector<Layer> layers;
  ops::Linear output;
};

/// residual = rows of the embedding, unpacked from whatever type and layout it has. `block_input`
/// is free at this time.
void Decoder::Impl::embed(std::span<const Token> tokens, const Pass& pass) const {
  const weights::Matrix& embedding = store.embedding();
  const auto dequantize = kernels.matrix->dequantize[static_cast<int>(embedding.dtype)];
  const Workspace::Activations& a = pass.activations();
  pass.run.parallel_for(ceil_div(pass.rows, kEmbeddingRowsPerTask), [&](int64_t task, int) {
    const int64_t end = std::min(pass.rows, (task + 1) * kEmbeddingRowsPerTask);
    for (int64_t r = task * kEmbeddingRowsPerTask; r < end; ++r) {
      auto* const scratch = reinterpret_cast<std::byte*>(a.block_input + r * shapes.hidden);
      const std::byte* row = weights::whole_row(embedding, tokens[static_cast<size_t>(r)], scratch);
      dequantize(row, a.residual + r * shapes.hidden, shapes.hidden);
    }
  });
}

void Decoder::Impl::fill_rope(RopeRange range, const Pass& pass) const {
  const weights::RopeConfig& rope = config.rope;
  const bool beyond = range == RopeRange::beyond_original && !rope.long_inverse_frequency.empty();
  ops::fill_rope_table(
      {pass.position, pass.rows, beyond ? rope.long_inverse_frequency : rope.inverse_frequency,
       rope.attention_factor},
      pass.activations().rope, pass.run);
}

void Decoder::Impl::run_layers(std::span<const Token> tokens, RopeRange range,
                               std::span<const ops::KvView> cache, const Pass& pass) const {
  pass.run.section([&] {
    embed(tokens, pass);
    fill_rope(range, pass);
  });
  for (size_t i = 0; i < layers.size(); ++i) {
    pass.run.section([&] { layers[i].run(pass, cache[i]); });
    pass.checkpoint.advance(static_cast<double>(pass.rows));
  }
}

/// Logits of some rows of the residual stream, [rows, vocab], straight to where the caller wants
/// them. Always in standard precision: a prompt asks for one row as a rule, for which the output
/// matrix is streamed, while fast panels would unpack all of it.
void Decoder::Impl::logits(int64_t first_row, int64_t rows, float* out, const Pass& pass) const {
  pass.run.section([&] {
    const Workspace::Activations& a = pass.activations();
    ops::rms_norm(a.residual + first_row * shapes.hidden, rows, store.output_norm(),
                  config.rms_norm_eps, a.block_input, kernels, pass.run);
    Pass some_rows = pass;
    some_rows.rows = rows;
    some_rows.precision = Precision::standard;
    some_rows.multiply(output, a.block_input, shapes.hidden, out, ops::Store::replace);
  });
}

Decoder::Decoder(const weights::WeightStore& store, Isa cap)
    : impl_(std::make_unique<Impl>(store, cap)) {}

Decoder::~Decoder() = default;

void Decoder::append(const Append& request, Workspace& workspace, const RunContext& run) const {
  const auto total = static_cast<int64_t>(request.tokens.size());
  const double steps = static_cast<double>(total) * static_cast<double>(impl_->layers.size());
  Checkpoint checkpoint(run.stop, request.keep_going, steps);
  for (int64_t done = 0; done < total;) {
    const int64_t rows = std::min(workspace.chunk(), total - done);
    const auto tokens =
        request.tokens.subspan(static_cast<size_t>(done), static_cast<size_t>(rows));
    const Pass pass{Phase::prompt, rows, request.position + done, workspace,
                    checkpoint,    run,  request.precision};
    impl_->run_layers(tokens, request.range, request.cache, pass);
    done += rows;
    const bool is_last = done == total;
    if (request.all_logits) {
      const int64_t vocab = impl_->shapes.vocab;
      float* end = request.all_logits + done * vocab;
      impl_->logits(0, rows, end - rows * vocab, pass);
      if (request.last_logits && is_last) std::copy(end - vocab, end, request.last_logits);
    } else if (request.last_logits && is_last) {
      impl_->logits(rows - 1, 1, request.last_logits, pass);
    }
  }
  checkpoint.check();
}

void Decoder::next(const Next& request, Workspace& workspace, const RunContext& run) const {
  Checkpoint checkpoint(run.stop, nullptr, 1);
  const Pass pass{Phase::generation, 1, request.position, workspace, checkpoint, run};
  impl_->run_layers({&request.token, 1}, request.range, request.cache, pass);
  impl_->logits(0, 1, request.logits, pass);
  checkpoint.check();
}

const weights::ModelConfig& Decoder::config() const noexcept { return impl_->config; }

Isa Decoder::isa() const noexcept { return impl_->kernels.isa; }

uint64_t Decoder::size_bytes() const noexcept {
  uint64_t bytes = sizeof(Impl);
  for (const Layer& layer : impl_->layers) bytes += layer.size_bytes();
  return bytes;
}

}  // namespace phi::model
