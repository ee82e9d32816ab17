/// The tensors of a model, checked against its config, in one naming whatever file they came from.
#ifndef PHI_WEIGHTS_WEIGHT_STORE_H_
#define PHI_WEIGHTS_WEIGHT_STORE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/dtype.h"
#include "base/log.h"
#include "base/parallel.h"
#include "io/gguf.h"
#include "io/packed_file.h"
#include "io/safetensors.h"
#include "weights/model_config.h"

namespace phi::weights {

/// A matrix [rows, cols], row-major, each row a whole number of blocks. Data is borrowed from the
/// WeightStore.
struct Matrix {
  std::string name;  ///< as the file spells it, for messages
  DType dtype = DType::f32;
  int64_t rows = 0, cols = 0;
  const std::byte* data = nullptr;  ///< no alignment promise
  Layout layout = Layout::rows;
  int64_t row_bytes() const noexcept { return dtype_bytes(dtype, cols); }
  /// Row r; in strips, where r is a multiple of 16, the strip that it begins.
  const std::byte* row(int64_t r) const noexcept { return data + r * row_bytes(); }
  uint64_t size_bytes() const noexcept {
    return static_cast<uint64_t>(stored_rows(layout, rows) * row_bytes());
  }
  /// Rows [first, first + count) of the same matrix; in strips `first` is a multiple of 16.
  Matrix slice(int64_t first, int64_t count) const;
};

/// One decoder layer. q, k, v and gate, up are slices of the fused matrix where the file fuses
/// them.
struct LayerWeights {
  std::vector<float> attention_norm, mlp_norm;  ///< [hidden]
  Matrix q, k, v, o;  ///< [heads*head_dim | kv_heads*head_dim, hidden], o: [hidden, heads*head_dim]
  std::vector<float> q_bias, k_bias, v_bias;  ///< empty where there is none
  Matrix gate, up, down;  ///< [intermediate, hidden], down: [hidden, intermediate]
};

/// Of the low-bit matrices that are multiplied; all others are in rows.
enum class LayoutChoice : uint8_t { as_stored, rows, strips };

/// Called with the share of the load that is done; false cancels.
struct LoadOptions {
  Weights weights = Weights::as_stored;
  LayoutChoice layout = LayoutChoice::as_stored;
  uint64_t memory_limit_bytes = 0;
  KeepGoing keep_going = {};
  Log log = {};
  /// The GGUF or packed source was opened by path, not lent by the application: a conversion may
  /// then give its pages back as it consumes them. Folders always were.
  bool source_is_mapped = false;
};

/// What the weights will take, known from the headers.
struct LoadPlan {
  uint64_t weight_bytes = 0;  ///< held after the load: mapped and allocated
  uint64_t peak_bytes = 0;    ///< the most at any time of the load
};

/// Owns the mapped files and whatever was converted. Immutable once made.
class WeightStore {
 public:
  /// All take over their source. Every shape is checked against `config`.
  /// Error{bad_format, unsupported, over_budget, out_of_memory, cancelled}; messages name the
  /// tensor.
  static WeightStore from_safetensors(io::SafetensorsFolder folder, ModelConfig config,
                                      const LoadOptions&, const ThreadScope&);
  static WeightStore from_gguf(io::Gguf gguf, ModelConfig config, const LoadOptions&,
                               const ThreadScope&);
  static WeightStore from_packed(io::PackedFile packed, ModelConfig config, const LoadOptions&,
                                 const ThreadScope&);

  /// What a load with these options would take. `tensors` as listed by the file.
  static LoadPlan plan(std::span<const io::TensorEntry> tensors, const ModelConfig& config,
                       const LoadOptions&);

  const ModelConfig& config() const noexcept { return config_; }
  /// Both [vocab_size, hidden]; one and the same when tied.
  const Matrix& embedding() const noexcept { return embedding_; }
  const Matrix& output() const noexcept { return output_; }
  const std::vector<float>& output_norm() const noexcept { return output_norm_; }
  const std::vector<LayerWeights>& layers() const noexcept { return layers_; }
  Weights weights() const noexcept { return weights_; }
  uint64_t weight_bytes() const noexcept { return weight_bytes_; }
  uint64_t parameters() const noexcept { return parameters_; }

  /// The tensors under the packed file's own names, for io::write_packed. Borrowed.
  std::vector<io::TensorEntry> packed_tensors() const;

 private:
  friend class WeightStoreBuilder;
  WeightStore() = default;
  ModelConfig config_;
  Weights weights_ = Weights::as_stored;
  io::SafetensorsFolder folder_;
  std::vector<io::Gguf> gguf_;          // one or none
  std::vector<io::PackedFile> packed_;  // one or none
  std::vector<AlignedBuffer> buffers_;  // converted matrices: one or none
  Matrix embedding_, output_;
  std::vector<float> output_norm_;
  std::vector<LayerWeights> layers_;
  uint64_t weight_bytes_ = 0, parameters_ = 0;
};

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_WEIGHT_STORE_H_
