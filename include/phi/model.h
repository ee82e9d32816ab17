/// A model: weights, configuration and tokenizer, immutable once open.
#ifndef PHI_MODEL_H_
#define PHI_MODEL_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "phi/tokenizer.h"
#include "phi/types.h"

namespace phi {

namespace detail {
class LoadedModel;
}

/// Copies share state in O(1). Every const member may run on many threads at once; any number of
/// sessions share one model.
class Model final {
 public:
  /// path: a Hugging Face directory, a .gguf file (the first of a split one), or a packed file.
  /// Error{not_found, io, bad_format, unsupported, out_of_memory, over_budget, cancelled}
  static Model open(const std::string& path, const ModelOptions& options = {});

  /// A GGUF or packed file in memory, borrowed: the bytes must outlive the model and its sessions.
  static Model open_memory(std::span<const std::byte> bytes, const ModelOptions& options = {});

  /// Writes `from` (anything that open takes) as one packed file, atomically: `to` appears whole or
  /// not at all.
  static void convert(const std::string& from, const std::string& to,
                      const ModelOptions& options = {});

  /// What open and one session would take, from the headers alone.
  static Memory estimate(const std::string& path, const ModelOptions& options = {},
                         const SessionOptions& session = {});

  ModelInfo info() const;
  const Tokenizer& tokenizer() const noexcept;

  const std::shared_ptr<const detail::LoadedModel>& impl() const noexcept { return impl_; }

 private:
  explicit Model(std::shared_ptr<const detail::LoadedModel> impl) noexcept;
  std::shared_ptr<const detail::LoadedModel> impl_;
};

}  // namespace phi

#endif  // PHI_MODEL_H_
