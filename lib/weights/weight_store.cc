#include "weights/weight_store.h"

#include <algorithm>
#include <utility>

#include "base/fail.h"
#include "weights/conversion.h"
#include "weights/held_forms.h"
#include "weights/model_tensors.h"
#include "weights/tensor_names.h"
#include "weights/tensor_values.h"

namespace phi::weights {

Matrix Matrix::slice(int64_t first, int64_t count) const {
  Matrix part = *this;
  part.data = row(first);
  part.rows = count;
  return part;
}

/// Fills a WeightStore from the tensors of the source that it owns.
class WeightStoreBuilder {
 public:
  WeightStoreBuilder(WeightStore& store, ModelConfig config, const LoadOptions& options)
      : store_(store), options_(options), forms_(store.config_, options.weights, options.layout) {
    store_.config_ = std::move(config);
    store_.weights_ = options.weights;
  }

  void build(std::span<const io::TensorEntry> tensors, Naming naming, SourcePages pages,
             const ThreadScope& threads) {
    const std::vector<ModelTensor> found = find_model_tensors(tensors, naming, store_.config_);
    const LoadPlan plan = forms_.plan(found);
    check_budget(plan);
    store_.weight_bytes_ = plan.weight_bytes;
    store_.parameters_ = count_parameters(store_.config_);
    store_.layers_.resize(store_.config_.layers);
    convert_and_place(found, pages, threads);
    for (const ModelTensor& tensor : found) {
      if (!tensor.shape.is_matrix()) place_vector(tensor);
    }
    if (store_.config_.tied_embeddings) store_.output_ = store_.embedding_;
    drop_unused_sources();
  }

 private:
  void check_budget(const LoadPlan& plan) const {
    if (options_.memory_limit_bytes != 0 && plan.peak_bytes > options_.memory_limit_bytes) {
      fail(Code::over_budget, "weights: loading takes ", plan.peak_bytes,
           " bytes, the memory limit is ", options_.memory_limit_bytes);
    }
  }

  /// Converts in the order in which the file holds the matrices, so that it is read once from front
  /// to back.
  void convert_and_place(std::span<const ModelTensor> found, SourcePages pages,
                         const ThreadScope& threads) {
    std::vector<const ModelTensor*> conversions;
    uint64_t arena_bytes = 0, elements = 0;
    int64_t widest_row = 0;
    for (const ModelTensor& tensor : found) {
      if (!tensor.shape.is_matrix()) continue;
      if (!forms_.converts(tensor)) {
        borrowed_.push_back(tensor.entry->data.data());
        place_matrix(tensor, stored_matrix(tensor));
        continue;
      }
      conversions.push_back(&tensor);
      arena_bytes += forms_.bytes(tensor);
      elements += tensor.shape.elements();
      widest_row = std::max(widest_row, static_cast<int64_t>(tensor.shape.cols));
    }
    LoadProgress progress(options_.keep_going, elements);
    if (conversions.empty()) return;

    log_fallbacks(conversions);
    log_repacking(conversions);
    std::ranges::sort(conversions, {}, [](const ModelTensor* t) { return t->entry->data.data(); });
    MatrixConverter converter(threads, widest_row, pages, progress);
    store_.buffers_.emplace_back(arena_bytes, "converted weights");
    std::byte* place = store_.buffers_.back().data();
    for (const ModelTensor* tensor : conversions) {
      Matrix matrix = forms_.matrix(*tensor);
      matrix.data = place;
      converter.convert(stored_matrix(*tensor), matrix, place);
      place_matrix(*tensor, matrix);
      place += forms_.bytes(*tensor);
    }
  }

  void log_fallbacks(std::span<const ModelTensor* const> conversions) const {
    if (options_.weights != Weights::int8 && options_.weights != Weights::int4) return;
    const auto falls_back = [this](const ModelTensor* tensor) {
      return forms_.matrix(*tensor).dtype == DType::bf16;
    };
    const auto first = std::ranges::find_if(conversions, falls_back);
    if (first == conversions.end()) return;
    options_.log.info(
        "weights: ", std::ranges::count_if(conversions, falls_back),
        " matrices are held as BF16 because their rows do not divide into blocks of 32, "
        "the first is '",
        (*first)->entry->name, "'");
  }

  /// Says what repacking costs and how to be rid of it.
  void log_repacking(std::span<const ModelTensor* const> conversions) const {
    int64_t matrices = 0;
    uint64_t bytes = 0;
    for (const ModelTensor* tensor : conversions) {
      const Matrix held = forms_.matrix(*tensor);
      if (held.dtype != tensor->entry->dtype) continue;
      ++matrices;
      bytes += held.size_bytes();
    }
    if (matrices == 0) return;
    const char* const layout = options_.layout == LayoutChoice::strips ? "strips" : "rows";
    options_.log.info("weights: ", matrices, " matrices (", bytes, " bytes) are repacked to ",
                      layout, " for this processor; a packed file converted on it opens without");
  }

  void place_matrix(const ModelTensor& tensor, const Matrix& matrix) {
    if (tensor.part == Part::embedding) {
      store_.embedding_ = matrix;
    } else if (tensor.part == Part::output) {
      store_.output_ = matrix;
    } else {
      place_layer_matrix(tensor.part, matrix, store_.layers_[tensor.layer]);
    }
  }

  void place_layer_matrix(Part part, const Matrix& matrix, LayerWeights& layer) const {
    const ModelConfig& config = store_.config_;
    const auto rows_of = [&config](Part single) {
      return static_cast<int64_t>(part_shape(config, single).rows);
    };
    switch (part) {
      case Part::qkv:
        layer.q = matrix.slice(0, rows_of(Part::q));
        layer.k = matrix.slice(rows_of(Part::q), rows_of(Part::k));
        layer.v = matrix.slice(rows_of(Part::q) + rows_of(Part::k), rows_of(Part::v));
        break;
      case Part::gate_up:
        layer.gate = matrix.slice(0, rows_of(Part::gate));
        layer.up = matrix.slice(rows_of(Part::gate), rows_of(Part::up));
        break;
      case Part::q:
        layer.q = matrix;
        break;
      case Part::k:
        layer.k = matrix;
        break;
      case Part::v:
        layer.v = matrix;
        break;
      case Part::o:
        layer.o = matrix;
        break;
      case Part::gate:
        layer.gate = matrix;
        break;
      case Part::up:
        layer.up = matrix;
        break;
      case Part::down:
        layer.down = matrix;
        break;
      default:
        fail(Code::internal, "tensor '", matrix.name, "' has no place");
    }
  }

  void place_vector(const ModelTensor& tensor) {
    std::vector<float> values = vector_values(*tensor.entry, tensor.shape.rows);
    if (tensor.part == Part::output_norm) {
      store_.output_norm_ = std::move(values);
      return;
    }
    LayerWeights& layer = store_.layers_[tensor.layer];
    switch (tensor.part) {
      case Part::attention_norm:
        layer.attention_norm = std::move(values);
        break;
      case Part::mlp_norm:
        layer.mlp_norm = std::move(values);
        break;
      case Part::q_bias:
        layer.q_bias = std::move(values);
        break;
      case Part::k_bias:
        layer.k_bias = std::move(values);
        break;
      case Part::v_bias:
        layer.v_bias = std::move(values);
        break;
      default:
        fail(Code::internal, "tensor '", tensor.entry->name, "' has no place");
    }
  }

  /// Unmaps the files that no matrix is borrowed from.
  void drop_unused_sources() {
    const auto unused = [this](const io::MappedFile& file) {
      const auto bytes = file.bytes();
      return std::ranges::none_of(borrowed_, [bytes](const std::byte* data) {
        return data >= bytes.data() && data < bytes.data() + bytes.size();
      });
    };
    std::erase_if(store_.folder_.files, unused);
    store_.folder_.tensors.clear();
    if (borrowed_.empty()) {
      store_.gguf_.clear();
      store_.packed_.clear();
    }
  }

  WeightStore& store_;
  const LoadOptions& options_;
  HeldForms forms_;
  std::vector<const std::byte*> borrowed_;  // where the matrices that stay as stored begin
};

WeightStore WeightStore::from_safetensors(io::SafetensorsFolder folder, ModelConfig config,
                                          const LoadOptions& options, const ThreadScope& threads) {
  WeightStore store;
  store.folder_ = std::move(folder);
  WeightStoreBuilder(store, std::move(config), options)
      .build(store.folder_.tensors, Naming::safetensors, SourcePages::release, threads);
  return store;
}

WeightStore WeightStore::from_gguf(io::Gguf gguf, ModelConfig config, const LoadOptions& options,
                                   const ThreadScope& threads) {
  WeightStore store;
  store.gguf_.push_back(std::move(gguf));
  WeightStoreBuilder(store, std::move(config), options)
      .build(store.gguf_.front().tensors(), Naming::gguf,
             static_cast<SourcePages>(options.source_is_mapped), threads);
  return store;
}

WeightStore WeightStore::from_packed(io::PackedFile packed, ModelConfig config,
                                     const LoadOptions& options, const ThreadScope& threads) {
  WeightStore store;
  store.packed_.push_back(std::move(packed));
  WeightStoreBuilder(store, std::move(config), options)
      .build(store.packed_.front().tensors(), Naming::packed,
             static_cast<SourcePages>(options.source_is_mapped), threads);
  return store;
}

LoadPlan WeightStore::plan(std::span<const io::TensorEntry> tensors, const ModelConfig& config,
                           const LoadOptions& options) {
  return HeldForms(config, options.weights, options.layout)
      .plan(find_model_tensors(tensors, naming_of(tensors), config));
}

}  // namespace phi::weights
