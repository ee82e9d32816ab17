/// What a phi::Model is: weights, decoder, tokenizer and the memory budget that its sessions share.
#ifndef PHI_API_LOADED_MODEL_H_
#define PHI_API_LOADED_MODEL_H_

#include <vector>

#include "api/memory_budget.h"
#include "api/model_source.h"
#include "model/decoder.h"
#include "phi/model.h"
#include "phi/tokenizer.h"
#include "phi/types.h"
#include "weights/weight_store.h"

namespace phi::detail {

/// Error{invalid_argument} for an option that is none of the known values.
void check_model_options(const ModelOptions& options);

/// How low-bit matrices are to lie in memory for the kernels that these options allow.
weights::LayoutChoice layout_choice(const ModelOptions& options) noexcept;

/// Immutable but for the budget's count; any number of threads.
class LoadedModel {
 public:
  /// Loads the weights. Error{bad_format, unsupported, out_of_memory, over_budget, cancelled}
  LoadedModel(ModelSource source, const ModelOptions& options);

  const weights::WeightStore& store() const noexcept { return store_; }
  const model::Decoder& decoder() const noexcept { return decoder_; }
  const Tokenizer& tokenizer() const noexcept { return tokenizer_; }
  MemoryBudget& budget() const noexcept { return budget_; }

  /// At which a reply ends: the tokenizer's, or the config's where there is no tokenizer.
  const std::vector<Token>& end_tokens() const noexcept { return end_tokens_; }

 private:
  Tokenizer tokenizer_;
  std::vector<Token> end_tokens_;
  weights::WeightStore store_;
  model::Decoder decoder_;  // borrows store_
  mutable MemoryBudget budget_;
  MemoryBudget::Reservation held_;
};

}  // namespace phi::detail

#endif  // PHI_API_LOADED_MODEL_H_
