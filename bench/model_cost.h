/// What one token costs on any machine: the work and the memory traffic that speeds are compared
/// with.
#ifndef PHI_BENCH_MODEL_COST_H_
#define PHI_BENCH_MODEL_COST_H_

#include <cstdint>

#include "phi/types.h"
#include "roof.h"

namespace phi::bench {

/// Counts of one model. Attention's own arithmetic is not counted, only the matrix multiplications.
struct ModelCost {
  double layer_operations = 0;   ///< per token, in all layers
  double output_operations = 0;  ///< of the output matrix; a prompt needs it for one row only
  double weight_bytes = 0;  ///< read for one token: all weights, but not the token embedding unless
                            ///< it is the output matrix
  double cache_bytes_per_position = 0;  ///< read for one token and every position before it

  double prefill_operations(int64_t tokens) const;
  double decode_bytes(double depth) const {
    return weight_bytes + cache_bytes_per_position * depth;
  }
};

ModelCost model_cost(const ModelInfo& info, Kv kv);

/// The peak that the weights' type could reach at best, and its name: "int8", "bf16" or "f32".
struct ComputeRoof {
  double operations_per_second;
  const char* name;
};
ComputeRoof compute_roof(const ModelInfo& info, const Peaks& peaks);

}  // namespace phi::bench

#endif  // PHI_BENCH_MODEL_COST_H_
