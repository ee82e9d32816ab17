/// What a stretch of work costs on any machine, and what it could take at best on this one.
#ifndef PHI_BENCH_MODEL_COST_H_
#define PHI_BENCH_MODEL_COST_H_

#include <cstdint>

#include "phi/types.h"
#include "roof.h"

namespace phi::bench {

/// The least arithmetic and memory traffic that some work takes.
struct Work {
  double operations = 0;  ///< multiplications and additions: matrix products and attention
  double bytes = 0;       ///< weights and cache, each read once per pass
};

/// Counts of one model.
struct ModelCost {
  double layer_operations = 0;      ///< of the matrix products of all layers, per token
  double output_operations = 0;     ///< of the output matrix, per row of logits
  double attention_operations = 0;  ///< of all layers, per token and position that it sees
  double weight_bytes = 0;  ///< read by one pass: all weights, but not the token embedding unless
                            ///< it is the output matrix
  double cache_bytes_per_position = 0;

  /// A prompt after `depth` positions, in one pass, with the logits of its last token.
  Work prompt(double tokens, double depth) const { return pass(tokens, depth, 1); }
  /// The same with the logits of every token, as drafts are verified.
  Work rows(double tokens, double depth) const { return pass(tokens, depth, tokens); }
  /// Tokens one by one, each a pass.
  Work generation(double tokens, double depth) const;

 private:
  Work pass(double tokens, double depth, double logit_rows) const;
};

ModelCost model_cost(const ModelInfo& info, Kv kv);

/// The peak that the weights' type could reach at best, and its name: "int8", "bf16" or "f32".
struct ComputeRoof {
  double operations_per_second;
  const char* name;
};
ComputeRoof compute_roof(const ModelInfo& info, const Peaks& peaks);

/// The shortest time for some work, and what sets it: the compute roof's name or "memory".
struct Limit {
  double seconds;
  const char* name;
};
Limit limit_of(const Work& work, const ComputeRoof& compute, double read_bytes_per_second);

}  // namespace phi::bench

#endif  // PHI_BENCH_MODEL_COST_H_
