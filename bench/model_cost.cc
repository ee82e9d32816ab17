#include "model_cost.h"

#include <bit>
#include <cmath>

namespace phi::bench {

namespace {

/// How plausible a feed-forward width is: whole numbers only, and the rounder in binary the better.
/// -1: impossible.
int roundness(double width) {
  const double whole = std::round(width);
  if (whole < 1 || std::abs(width - whole) > 0.01) return -1;
  return std::countr_zero(static_cast<uint64_t>(whole));
}

/// Is the output matrix the token embedding? ModelInfo does not say, but the number of parameters
/// does: it leaves a width for the feed-forward layers, which is a round number only under the
/// right assumption.
bool output_is_embedding(const ModelInfo& info) {
  const double hidden = info.hidden, layers = info.layers;
  const double embedding = static_cast<double>(info.vocab_size) * hidden;
  const double query = static_cast<double>(info.heads) * info.head_dim,
               key_value = static_cast<double>(info.kv_heads) * info.head_dim;
  const double biases = info.architecture == "qwen2" ? query + 2 * key_value : 0;
  const double attention =
      hidden * (2 * query + 2 * key_value) + biases + 2 * hidden;  // with the two norms of a layer
  const auto feed_forward_width = [&](double embeddings) {
    const double rest =
        static_cast<double>(info.parameters) - embeddings * embedding - hidden - layers * attention;
    return rest / (3 * hidden * layers);
  };
  return roundness(feed_forward_width(1)) > roundness(feed_forward_width(2));
}

double cache_element_bytes(Kv kv, uint32_t head_dim) {
  switch (kv) {
    case Kv::bf16:
      return 2;
    case Kv::f32:
      return 4;
    case Kv::int8:
      return 1 + 2 * std::ceil(head_dim / 32.0) / head_dim;  // and a bf16 scale for every 32
  }
  return 2;
}

}  // namespace

Work ModelCost::pass(double tokens, double depth, double logit_rows) const {
  const double seen = tokens * depth + tokens * (tokens + 1) / 2;  // no token sees a later one
  return {layer_operations * tokens + output_operations * logit_rows + attention_operations * seen,
          weight_bytes + cache_bytes_per_position * (depth + tokens)};
}

Work ModelCost::generation(double tokens, double depth) const {
  const Work middle = pass(1, depth + (tokens - 1) / 2, 1);  // all that changes grows evenly
  return {middle.operations * tokens, middle.bytes * tokens};
}

ModelCost model_cost(const ModelInfo& info, Kv kv) {
  const double embedding = static_cast<double>(info.vocab_size) * info.hidden;
  const double parameters = static_cast<double>(info.parameters);
  const double bytes = static_cast<double>(info.weight_bytes);
  const bool tied = output_is_embedding(info);
  ModelCost cost;
  cost.layer_operations = 2 * (parameters - (tied ? 1 : 2) * embedding);
  cost.output_operations = 2 * embedding;
  cost.attention_operations =
      4.0 * info.layers * info.heads * info.head_dim;  // query by key, and weight by value
  cost.weight_bytes = tied ? bytes : bytes * (1 - embedding / parameters);
  cost.cache_bytes_per_position =
      2.0 * info.layers * info.kv_heads * info.head_dim * cache_element_bytes(kv, info.head_dim);
  return cost;
}

ComputeRoof compute_roof(const ModelInfo& info, const Peaks& peaks) {
  const double bits =
      8 * static_cast<double>(info.weight_bytes) / static_cast<double>(info.parameters);
  if (bits < 12) return {peaks.int8.operations_per_second, "int8"};
  if (bits < 24 && peaks.bf16.operations_per_second > 0)
    return {peaks.bf16.operations_per_second, "bf16"};
  return {peaks.f32.operations_per_second, "f32"};
}

Limit limit_of(const Work& work, const ComputeRoof& compute, double read_bytes_per_second) {
  const double arithmetic = work.operations / compute.operations_per_second;
  const double reading = work.bytes / read_bytes_per_second;
  return arithmetic > reading ? Limit{arithmetic, compute.name} : Limit{reading, "memory"};
}

}  // namespace phi::bench
