#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/checked.h"

namespace phi {

namespace {
constexpr uint64_t kHugePage = uint64_t{2} << 20;
constexpr uint64_t kSmallPage = 4096;
constexpr uint64_t kMapFrom = uint64_t{4} << 20;
constexpr size_t kAlignment = 64;
}  // namespace

AlignedBuffer::AlignedBuffer(uint64_t bytes, std::string_view what) : size_bytes_(bytes) {
  if (bytes == 0) return;
  if (bytes < kMapFrom) {
    data_ =
        static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kAlignment}, std::nothrow));
    if (data_ != nullptr) std::memset(data_, 0, bytes);
  } else if (bytes < (uint64_t{1} << 62)) {
    mapping_bytes_ = round_up(bytes, kHugePage) + kHugePage;
    void* mapping =
        mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping != MAP_FAILED) {
      mapping_ = mapping;
      data_ =
          reinterpret_cast<std::byte*>(round_up(reinterpret_cast<uintptr_t>(mapping), kHugePage));
      // Advice only: where the kernel has no huge pages the buffer works with small ones.
      (void)madvise(data_, round_up(bytes, kHugePage), MADV_HUGEPAGE);
    }
  }
  if (data_ == nullptr) fail(Code::out_of_memory, what, ": cannot get ", bytes, " bytes");
}

AlignedBuffer::~AlignedBuffer() {
  if (mapping_ != nullptr) {
    munmap(mapping_, mapping_bytes_);
  } else if (data_ != nullptr) {
    ::operator delete (data_, std::align_val_t{kAlignment});
  }
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapping_bytes_(std::exchange(other.mapping_bytes_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapping_bytes_, other.mapping_bytes_);
  return *this;
}

void AlignedBuffer::touch() noexcept {
  for (uint64_t offset = 0; offset < size_bytes_; offset += kSmallPage) {
    auto* page = reinterpret_cast<volatile unsigned char*>(data_ + offset);
    *page = *page;
  }
}

}  // namespace phi
