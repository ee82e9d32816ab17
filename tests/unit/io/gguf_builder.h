/// Writes GGUF files byte by byte, right or wrong.
#ifndef PHI_UNIT_IO_GGUF_BUILDER_H_
#define PHI_UNIT_IO_GGUF_BUILDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "io_test_support.h"

namespace phi::test {

inline std::string gguf_string(const std::string& text) {
  return raw(uint64_t{text.size()}) + text;
}

class GgufBuilder {
 public:
  uint32_t version = 3;
  uint64_t alignment = 32;

  /// `bytes` is the value as it lies in the file.
  GgufBuilder& value(const std::string& key, uint32_t type, const std::string& bytes) {
    values_ += gguf_string(key) + raw(type) + bytes;
    ++value_count;
    return *this;
  }
  GgufBuilder& u32(const std::string& key, uint32_t number) { return value(key, 4, raw(number)); }
  GgufBuilder& u16(const std::string& key, uint16_t number) { return value(key, 2, raw(number)); }
  GgufBuilder& text(const std::string& key, const std::string& content) {
    return value(key, 8, gguf_string(content));
  }
  GgufBuilder& array(const std::string& key, uint32_t type, uint64_t count,
                     const std::string& bytes) {
    return value(key, 9, raw(type) + raw(count) + bytes);
  }

  /// `dims` innermost first, as in the file; `data` is padded to the alignment.
  GgufBuilder& tensor(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type,
                      const std::string& data) {
    tensor_at(name, dims, type, data_.size());
    data_ += data;
    data_.resize((data_.size() + alignment - 1) / alignment * alignment);
    return *this;
  }
  /// A tensor info alone, wherever it points.
  GgufBuilder& tensor_at(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type,
                         uint64_t offset) {
    infos_ += gguf_string(name) + raw(static_cast<uint32_t>(dims.size()));
    for (const uint64_t extent : dims) infos_ += raw(extent);
    infos_ += raw(type) + raw(offset);
    ++tensor_count;
    return *this;
  }

  std::string build() const {
    std::string file =
        "GGUF" + raw(version) + raw(tensor_count) + raw(value_count) + values_ + infos_;
    if (!data_.empty()) file.resize((file.size() + alignment - 1) / alignment * alignment);
    return file + data_;
  }

  uint64_t value_count = 0;
  uint64_t tensor_count = 0;

 private:
  std::string values_, infos_, data_;
};

}  // namespace phi::test

#endif  // PHI_UNIT_IO_GGUF_BUILDER_H_
