/// Owned memory for weights, caches and scratch: 64-byte aligned, zero-filled, in huge pages where
/// that pays.
#ifndef PHI_BASE_ALIGNED_BUFFER_H_
#define PHI_BASE_ALIGNED_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace phi {

/// Move-only. From 4 MiB on, the memory is mapped at a 2 MiB boundary and huge pages are asked for.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  /// `what` names the buffer in Error{out_of_memory}.
  AlignedBuffer(uint64_t bytes, std::string_view what);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  uint64_t size_bytes() const noexcept { return size_bytes_; }

  template <class T>
  T* as() noexcept {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  const T* as() const noexcept {
    return reinterpret_cast<const T*>(data_);
  }

  /// Makes every page resident now, so that no later write can fault for want of memory.
  void touch() noexcept;

 private:
  std::byte* data_ = nullptr;
  uint64_t size_bytes_ = 0;
  void* mapping_ =
      nullptr;  // start and length of the mapping; null when the memory came from the heap
  uint64_t mapping_bytes_ = 0;
};

}  // namespace phi

#endif  // PHI_BASE_ALIGNED_BUFFER_H_
