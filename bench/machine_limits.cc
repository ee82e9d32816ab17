#include "machine_limits.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>

#include "base/aligned_buffer.h"
#include "io/mapped_file.h"

namespace phi::bench {

namespace {

/// The file that holds the most of the model's weights.
std::string largest_file(const std::string& model) {
  if (!std::filesystem::is_directory(model)) return model;
  std::string largest = model;
  uint64_t most_bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(model)) {
    if (entry.path().extension() != ".safetensors" || entry.file_size() < most_bytes) continue;
    most_bytes = entry.file_size();
    largest = entry.path().string();
  }
  return largest;
}

/// Several times what the level-3 cache holds, so that hardly anything comes from there.
constexpr size_t kBlockBytes = size_t{256} << 20, kFileBytes = size_t{512} << 20;

/// The end of the file: weights, and not the tables in front of them.
std::span<const std::byte> end_of(std::span<const std::byte> bytes) {
  constexpr size_t kHugePageBytes = size_t{2} << 20;
  if (bytes.size() <= kFileBytes) return bytes;
  return bytes.subspan((bytes.size() - kFileBytes) / kHugePageBytes * kHugePageBytes);
}

Peak best_of(const Peak& a, const Peak& b) {
  return a.operations_per_second > b.operations_per_second ? a : b;
}

}  // namespace

MemorySpeed mean_of(const MemorySpeed& a, const MemorySpeed& b) {
  return {(a.block + b.block) / 2, (a.file + b.file) / 2};
}

struct MemoryProbe::Memory {
  explicit Memory(const std::string& model)
      : block(kBlockBytes, "block of the bandwidth measurement"), file(largest_file(model)) {
    block.touch();
  }
  AlignedBuffer block;
  io::MappedFile file;
};

MemoryProbe::MemoryProbe(const std::string& model, int threads)
    : threads_(threads), memory_(std::make_unique<Memory>(model)) {}
MemoryProbe::~MemoryProbe() = default;

MemorySpeed MemoryProbe::measure() const {
  return {measure_read_bandwidth(threads_, {memory_->block.data(), kBlockBytes}),
          measure_read_bandwidth(threads_, end_of(memory_->file.bytes()))};
}

Peaks best_of(const Peaks& a, const Peaks& b) {
  return {best_of(a.int8, b.int8), best_of(a.bf16, b.bf16), best_of(a.f32, b.f32)};
}

}  // namespace phi::bench
