#include "machine_limits.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>

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

double measure_file_bandwidth(const std::string& path, int threads) {
  constexpr size_t kMostBytes = size_t{2} << 30, kHugePageBytes = size_t{2} << 20;
  const io::MappedFile file(path);
  std::span<const std::byte> bytes = file.bytes();
  // The end of the file: weights, and not the tables in front of them.
  if (bytes.size() > kMostBytes)
    bytes = bytes.subspan((bytes.size() - kMostBytes) / kHugePageBytes * kHugePageBytes);
  return measure_read_bandwidth(threads, bytes);
}

Peak best_of(const Peak& a, const Peak& b) {
  return a.operations_per_second > b.operations_per_second ? a : b;
}

}  // namespace

MachineLimits measure_limits(const std::string& model, int threads) {
  return {measure_peaks(threads), measure_read_bandwidth(threads),
          measure_file_bandwidth(largest_file(model), threads)};
}

MachineLimits best_of(const MachineLimits& a, const MachineLimits& b) {
  return {{best_of(a.peaks.int8, b.peaks.int8), best_of(a.peaks.bf16, b.peaks.bf16),
           best_of(a.peaks.f32, b.peaks.f32)},
          std::max(a.block_bytes_per_second, b.block_bytes_per_second),
          std::max(a.file_bytes_per_second, b.file_bytes_per_second)};
}

}  // namespace phi::bench
