/// Opens the weights of a model the way the library does, for tests.
#ifndef PHI_UNIT_WEIGHTS_OPEN_MODEL_H_
#define PHI_UNIT_WEIGHTS_OPEN_MODEL_H_

#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "io/gguf.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "io/safetensors.h"
#include "kernels/dispatch.h"
#include "weights/model_config.h"
#include "weights/weight_store.h"

namespace phi::test {

inline weights::ModelConfig folder_config(const std::string& folder) {
  const std::string text = io::read_text_file(folder + "/config.json", 1 << 20);
  return weights::config_from_json(io::Json::parse(text, "config.json"), nullptr, "config.json");
}

inline weights::WeightStore open_folder(const std::string& folder,
                                        const weights::LoadOptions& options = {},
                                        int32_t threads = 2) {
  weights::ModelConfig config = folder_config(folder);
  return weights::WeightStore::from_safetensors(io::open_safetensors_folder(folder),
                                                std::move(config), options, ThreadScope(threads));
}

inline weights::WeightStore open_gguf(const std::string& path, weights::LoadOptions options = {}) {
  io::Gguf gguf = io::Gguf::open(path);
  weights::ModelConfig config = weights::config_from_gguf(gguf);
  options.source_is_mapped = true;
  return weights::WeightStore::from_gguf(std::move(gguf), std::move(config), options,
                                         ThreadScope(2));
}

inline std::vector<float> values_of(const weights::Matrix& matrix) {
  std::vector<float> values(static_cast<size_t>(matrix.rows * matrix.cols));
  const auto dequantize =
      kernels::select_kernels(Isa::best).matrix->dequantize[static_cast<int>(matrix.dtype)];
  for (int64_t r = 0; r < matrix.rows; ++r)
    dequantize(matrix.row(r), values.data() + r * matrix.cols, matrix.cols);
  return values;
}

/// Every matrix of the model; the tied output once.
inline std::vector<weights::Matrix> matrices_of(const weights::WeightStore& store) {
  std::vector<weights::Matrix> all{store.embedding()};
  if (!store.config().tied_embeddings) all.push_back(store.output());
  for (const weights::LayerWeights& layer : store.layers()) {
    all.insert(all.end(), {layer.q, layer.k, layer.v, layer.o, layer.gate, layer.up, layer.down});
  }
  return all;
}

}  // namespace phi::test

#endif  // PHI_UNIT_WEIGHTS_OPEN_MODEL_H_
