/// The GGUF container, versions 2 and 3, single or split: metadata and tensors.
#ifndef PHI_IO_GGUF_H_
#define PHI_IO_GGUF_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/mapped_file.h"
#include "io/tensor_entry.h"

namespace phi::io {

/// One metadata value. Integers of every width are int64_t or, above its range, uint64_t; f32 and
/// f64 are double; arrays of booleans are arrays of 0 and 1. Strings are views into the file.
using GgufValue =
    std::variant<bool, int64_t, uint64_t, double, std::string_view, std::vector<int64_t>,
                 std::vector<double>, std::vector<std::string_view>>;

/// Views borrow from the files, which the object owns unless it was read from memory. Move-only.
/// Any number of threads may read.
class Gguf {
 public:
  /// For a split file, `path` is any of its parts; all are opened. Metadata is that of the first
  /// part. Error{not_found, io, bad_format, unsupported}
  static Gguf open(const std::string& path);
  /// A whole file in memory, borrowed. Split files are Error{unsupported} here.
  static Gguf parse(std::span<const std::byte> bytes, const std::string& source);

  Gguf(Gguf&&) noexcept = default;
  Gguf& operator=(Gguf&&) noexcept = default;

  /// The file's name, for messages.
  const std::string& source() const noexcept { return source_; }
  const std::vector<TensorEntry>& tensors() const noexcept { return tensors_; }

  /// Typed access to metadata. The plain forms are Error{bad_format} when the key is missing or of
  /// another type; the _or forms give `otherwise` when it is missing and are Error{bad_format} when
  /// it is of another type.
  bool has(std::string_view key) const;
  const GgufValue* find(std::string_view key) const;
  uint64_t unsigned_at(std::string_view key) const;
  uint64_t unsigned_or(std::string_view key, uint64_t otherwise) const;
  double number_at(std::string_view key) const;  ///< integers too
  double number_or(std::string_view key, double otherwise) const;
  bool bool_or(std::string_view key, bool otherwise) const;
  std::string_view string_at(std::string_view key) const;
  std::string_view string_or(std::string_view key, std::string_view otherwise) const;
  const std::vector<std::string_view>& strings_at(std::string_view key) const;
  std::vector<int64_t> integers_at(std::string_view key) const;
  std::vector<double> numbers_at(std::string_view key) const;  ///< arrays of integers too

 private:
  friend class GgufReader;
  Gguf() = default;
  static Gguf open_parts(const std::string& prefix, uint64_t count);
  const GgufValue& at(std::string_view key) const;
  [[noreturn]] void fail_type(std::string_view key, const GgufValue& value,
                              const char* expected) const;
  template <class T>
  const T& get(std::string_view key, const char* expected) const;

  std::string source_;
  std::vector<MappedFile> files_;
  std::map<std::string, GgufValue, std::less<>> values_;
  std::vector<TensorEntry> tensors_;
};

}  // namespace phi::io

#endif  // PHI_IO_GGUF_H_
