/// Puts GGUF files together in memory: just enough for tests of what is read from them.
#ifndef PHI_UNIT_WEIGHTS_GGUF_BYTES_H_
#define PHI_UNIT_WEIGHTS_GGUF_BYTES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace phi::test {

/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3, little-endian.
class GgufBytes {
 public:
  GgufBytes& set(std::string_view key, uint32_t value) { return scalar(key, 4, value); }
  GgufBytes& set(std::string_view key, float value) { return scalar(key, 6, value); }
  GgufBytes& set(std::string_view key, std::string_view value) {
    begin_value(key, 8);
    append_string(values_, value);
    return *this;
  }
  /// An F32 tensor; `shape` outermost first.
  GgufBytes& tensor(std::string_view name, const std::vector<uint64_t>& shape,
                    const std::vector<float>& data) {
    append_string(infos_, name);
    append(infos_, static_cast<uint32_t>(shape.size()));
    for (auto size = shape.rbegin(); size != shape.rend(); ++size) append(infos_, *size);
    append(infos_, uint32_t{0});
    append(infos_, static_cast<uint64_t>(data_.size()));
    data_.append(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(float));
    pad(data_);
    ++tensor_count_;
    return *this;
  }

  std::string bytes() const {
    std::string out = "GGUF";
    append(out, uint32_t{3});
    append(out, tensor_count_);
    append(out, value_count_);
    out += values_ + infos_;
    pad(out);
    return out + data_;
  }

 private:
  template <class T>
  static void append(std::string& out, T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  static void append_string(std::string& out, std::string_view text) {
    append(out, static_cast<uint64_t>(text.size()));
    out += text;
  }
  static void pad(std::string& out) { out.resize((out.size() + 31) / 32 * 32); }

  void begin_value(std::string_view key, uint32_t type) {
    append_string(values_, key);
    append(values_, type);
    ++value_count_;
  }
  template <class T>
  GgufBytes& scalar(std::string_view key, uint32_t type, T value) {
    begin_value(key, type);
    append(values_, value);
    return *this;
  }

  std::string values_, infos_, data_;
  uint64_t value_count_ = 0, tensor_count_ = 0;
};

}  // namespace phi::test

#endif  // PHI_UNIT_WEIGHTS_GGUF_BYTES_H_
