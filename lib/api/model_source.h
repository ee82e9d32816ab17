/// Finding out what a path or a piece of memory holds, and reading what comes before the weights.
#ifndef PHI_API_MODEL_SOURCE_H_
#define PHI_API_MODEL_SOURCE_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/parallel.h"
#include "io/gguf.h"
#include "io/packed_file.h"
#include "io/safetensors.h"
#include "text/tokenizer_spec.h"
#include "weights/model_config.h"
#include "weights/weight_store.h"

namespace phi::detail {

enum class SourceKind { folder, gguf, packed, other };

/// By what is there, not by its name: a directory, or a file's first bytes. Error{not_found, io}
SourceKind source_kind(const std::string& path);
SourceKind source_kind(std::span<const std::byte> bytes) noexcept;

/// A model that is opened and checked as far as its headers go; no weight has been read. Move-only.
class ModelSource {
 public:
  /// Error{not_found, io, bad_format, unsupported}
  static ModelSource open(const std::string& path);
  /// The bytes are borrowed by whatever is made from this.
  static ModelSource open_memory(std::span<const std::byte> bytes);

  const std::string& name() const noexcept { return name_; }
  const weights::ModelConfig& config() const noexcept { return config_; }
  const std::vector<io::TensorEntry>& tensors() const noexcept;

  /// Nothing if the model comes without a tokenizer.
  std::optional<text::TokenizerSpec> tokenizer_spec() const;

  /// Loads the weights and gives up the source.
  weights::WeightStore load(weights::LoadOptions options, const ThreadScope& threads) &&;

 private:
  using Container = std::variant<io::SafetensorsFolder, io::Gguf, io::PackedFile>;
  /// Whose the bytes of the weights are: pages of our own mapping can be let go, borrowed ones not.
  enum class Bytes { mapped, borrowed };
  ModelSource(std::string name, Container container, weights::ModelConfig config,
              Bytes bytes = Bytes::mapped);

  std::string name_;
  Container container_;
  weights::ModelConfig config_;
  Bytes bytes_;
};

/// The tokenizer of a model, or a lone tokenizer.json. Error{not_found, io, bad_format,
/// unsupported}
text::TokenizerSpec open_tokenizer_spec(const std::string& path);

}  // namespace phi::detail

#endif  // PHI_API_MODEL_SOURCE_H_
