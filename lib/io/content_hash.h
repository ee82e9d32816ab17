/// XXH3-128, the hash of packed files. Finds damage, does not stop forgery. Only content_hash.cc
/// sees the library.
#ifndef PHI_IO_CONTENT_HASH_H_
#define PHI_IO_CONTENT_HASH_H_

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace phi::io {

/// In the canonical form: big-endian, high half first.
using ContentHash = std::array<std::byte, 16>;

/// Hashes bytes that come in pieces. Move-only, one thread's.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ContentHasher& operator=(ContentHasher&&) noexcept;

  void update(std::span<const std::byte> bytes);
  ContentHash digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

ContentHash content_hash(std::span<const std::byte> bytes);

/// 32 lower-case hexadecimal digits.
std::string hexadecimal(const ContentHash& hash);

}  // namespace phi::io

#endif  // PHI_IO_CONTENT_HASH_H_
