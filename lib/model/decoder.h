/// The transformer: tokens and a KV cache in, logits out. Section by section as in docs/design.md,
/// "The forward pass".
#ifndef PHI_MODEL_DECODER_H_
#define PHI_MODEL_DECODER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/run_context.h"
#include "kernels/dispatch.h"
#include "model/workspace.h"
#include "ops/kv_view.h"
#include "weights/weight_store.h"

namespace phi::model {

/// Which frequencies longrope uses. Models without longrope ignore it.
enum class RopeRange : int32_t { within_original, beyond_original };

/// Immutable; many sessions run on one Decoder at once, each with its own workspace and cache.
class Decoder {
 public:
  /// Borrows the store.
  Decoder(const weights::WeightStore& store, Isa cap);
  ~Decoder();

  struct Append {
    std::span<const Token> tokens;  ///< checked by the caller; any number
    int64_t position;               ///< of tokens[0]; positions before it are in the cache
    RopeRange range;
    std::span<const ops::KvView> cache;  ///< [layers]; rows position.. are written
    float* all_logits;                   ///< [tokens, vocab] or null
    float* last_logits;                  ///< [vocab] of the last token, or null
    const std::function<bool(double)>*
        keep_going;  ///< share of this call; may be null; false = stop
    Precision precision = Precision::standard;
  };
  /// Prompt arithmetic. Error{cancelled} when run.stop is set or keep_going returned false; the
  /// rows written until then are garbage. The same bits for any split of a token sequence into
  /// calls and chunks.
  ///
  /// In slices (run.slices) it may return before it is done; called again with the same request it
  /// goes on. Until then nobody else uses the workspace. all_logits is null.
  void append(const Append& request, Workspace& workspace, const RunContext& run) const;

  struct Next {
    Token token;
    int64_t position;
    RopeRange range;
    std::span<const ops::KvView> cache;
    float* logits;  ///< [vocab]
  };
  /// Generation arithmetic for one token. Error{cancelled}. In slices as append.
  void next(const Next& request, Workspace& workspace, const RunContext& run) const;

  const weights::ModelConfig& config() const noexcept;
  Isa isa() const noexcept;

  /// Bytes that the decoder itself holds beside the weights.
  uint64_t size_bytes() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phi::model

#endif  // PHI_MODEL_DECODER_H_
