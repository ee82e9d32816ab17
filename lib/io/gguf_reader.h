/// Reads the bytes of one GGUF file, of which nothing is believed unchecked.
#ifndef PHI_IO_GGUF_READER_H_
#define PHI_IO_GGUF_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_reader.h"
#include "io/gguf.h"

namespace phi::io {

class GgufReader {
 public:
  /// Metadata and tensors of the file or of one part of a split file; both borrow `bytes`.
  /// Error{bad_format, unsupported}
  static Gguf read(std::span<const std::byte> bytes, const std::string& source);

 private:
  GgufReader(std::span<const std::byte> bytes, const std::string& source);

  /// A tensor's place, relative to the data until all tensors are read.
  struct Place {
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };

  void read_version();
  void read_value();
  GgufValue read_scalar(uint32_t type);
  GgufValue read_array();
  template <class Stored, class Element>
  std::vector<Element> read_elements(uint64_t count);
  std::vector<std::string_view> read_strings(uint64_t count);
  std::string_view read_string();
  void take_from_array_budget(uint64_t count);
  uint64_t alignment() const;
  void read_tensor(uint64_t alignment);
  void place_tensors(uint64_t alignment);
  void refuse_overlaps() const;
  std::string tensor_label(std::string_view name) const;

  std::span<const std::byte> bytes_;
  ByteReader reader_;
  Gguf gguf_;
  std::vector<Place> places_;  // of gguf_.tensors_
  uint64_t array_budget_;
};

}  // namespace phi::io

#endif  // PHI_IO_GGUF_READER_H_
