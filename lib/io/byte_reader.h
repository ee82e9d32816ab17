/// Reads little-endian values one after another from bytes that may end anywhere.
#ifndef PHI_IO_BYTE_READER_H_
#define PHI_IO_BYTE_READER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/fail.h"

namespace phi::io {

static_assert(std::endian::native == std::endian::little, "file formats are read as they are");

/// Borrows the bytes. Reading past the end is Error{bad_format}.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string source, std::string first_item)
      : bytes_(bytes), source_(std::move(source)), item_(std::move(first_item)) {}

  uint64_t position() const noexcept { return position_; }
  uint64_t remaining() const noexcept { return bytes_.size() - position_; }

  template <class T>
  requires std::is_arithmetic_v<T> T read() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  /// `length` bytes as text, borrowed.
  std::string_view read_text(uint64_t length) {
    const auto text = take(length);
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

  /// Names what is read from here on, for errors: "value of 'general.name'".
  void begin_item(std::string name) { item_ = std::move(name); }

  /// Error about the item: "model.gguf: value of 'general.name': ...".
  template <class... Parts>
  [[noreturn]] void fail_item(Code code, const Parts&... parts) const {
    fail(code, source_, ": ", item_, ": ", parts...);
  }

  /// Error unless `count` parts of at least `part_bytes` each can still follow: to be asked before
  /// room is made for them.
  void expect_parts(uint64_t count, uint64_t part_bytes) const {
    if (count > remaining() / part_bytes) {
      fail_item(Code::bad_format, count, " of them cannot follow in ", remaining(), " bytes");
    }
  }

 private:
  std::span<const std::byte> take(uint64_t count) {
    if (count > remaining()) {
      fail_item(Code::bad_format, "takes ", count, " bytes from byte ", position_,
                " on, the file ends at ", bytes_.size());
    }
    position_ += count;
    return bytes_.subspan(position_ - count, count);
  }

  std::span<const std::byte> bytes_;
  std::string source_;
  std::string item_;
  uint64_t position_ = 0;
};

}  // namespace phi::io

#endif  // PHI_IO_BYTE_READER_H_
