/// libphi's own file: everything of one model, laid out to be mapped and used as it is. Specified
/// in docs/formats.md.
#ifndef PHI_IO_PACKED_FILE_H_
#define PHI_IO_PACKED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/mapped_file.h"
#include "io/tensor_entry.h"

namespace phi::io {

inline constexpr std::string_view kPackedMagic = "PHIPACK1";
inline constexpr uint64_t kPackedDataAlignment = uint64_t{2} << 20;

/// rows: every tensor is in rows. named: the table names each tensor's layout.
enum class PackedLayout : uint8_t { rows = 0, named = 1 };

/// What the header lists beside the tensors: named texts ("config", "tokenizer", "chat_template",
/// "about").
using PackedTexts = std::map<std::string, std::string, std::less<>>;

/// Views borrow from the file, which the object owns unless it was read from memory. Move-only. Any
/// number of threads may read.
class PackedFile {
 public:
  /// Checks magic, version, the header's hash and every offset; the tensors' own bytes are not
  /// read. Error{not_found, io, bad_format, unsupported}
  static PackedFile open(const std::string& path);
  static PackedFile parse(std::span<const std::byte> bytes, const std::string& source);

  PackedFile(PackedFile&&) noexcept = default;
  PackedFile& operator=(PackedFile&&) noexcept = default;

  /// The file's name, for messages.
  const std::string& source() const noexcept { return source_; }
  const std::vector<TensorEntry>& tensors() const noexcept { return tensors_; }
  const PackedTexts& texts() const noexcept { return texts_; }
  /// Error{bad_format} if there is no such text.
  const std::string& text_at(std::string_view name) const;

  /// Reads every tensor and compares its hash. Error{bad_format} names the first that differs.
  void verify_tensors() const;

 private:
  friend class PackedReader;
  PackedFile() = default;

  std::string source_;
  std::vector<MappedFile> files_;  // one or none
  std::vector<TensorEntry> tensors_;
  std::vector<std::string> hashes_;  // of tensors_, XXH3-128 in hexadecimal
  PackedTexts texts_;
};

/// Called between pieces of at most 8 MiB with the share done; returning false ends the writing
/// with Error{cancelled}.
using PackedProgress = std::function<bool(double done)>;

/// Writes a packed file beside `path` and renames it into place, so that `path` is whole or
/// untouched. The file is on disk and out of the page cache when this returns, so that it can be
/// mapped in huge pages. An empty `progress` is allowed. Error{io, cancelled}; Error{bad_format}
/// for entries whose bytes do not fit their shape, and for equal names.
void write_packed(const std::string& path, std::span<const TensorEntry> tensors,
                  const PackedTexts& texts, const PackedProgress& progress);

}  // namespace phi::io

#endif  // PHI_IO_PACKED_FILE_H_
