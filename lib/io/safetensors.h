/// The safetensors container: https://github.com/huggingface/safetensors
#ifndef PHI_IO_SAFETENSORS_H_
#define PHI_IO_SAFETENSORS_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "io/mapped_file.h"
#include "io/tensor_entry.h"

namespace phi::io {

/// The tensors of one file in the order of their offsets. `source` names the file in errors; the
/// entries borrow `bytes`. Tensors whose type is not F32, F16 or BF16 are checked like the others
/// and then left out (old checkpoints carry masks). Error{bad_format} on every breach of the
/// format's rules: holes, overlaps, sizes that do not fit, duplicate names. Error{unsupported} for
/// an element type that the format did not have when this was written.
std::vector<TensorEntry> parse_safetensors(std::span<const std::byte> bytes,
                                           const std::string& source);

/// The shards of a Hugging Face directory: model.safetensors, or else the files that
/// model.safetensors.index.json lists. Every tensor of the index must be in its file. Shard names
/// are file names only: no separator, no "..". Move-only; `tensors` borrow from `files`.
struct SafetensorsFolder {
  std::vector<MappedFile> files;
  std::vector<TensorEntry> tensors;
};

/// Error{not_found} when the folder, both of these files, or a listed shard is missing; else as
/// parse_safetensors.
SafetensorsFolder open_safetensors_folder(const std::string& folder);

}  // namespace phi::io

#endif  // PHI_IO_SAFETENSORS_H_
