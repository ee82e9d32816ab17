/// What this process holds in memory, as the kernel counts it.
#ifndef PHI_CLI_PROCESS_MEMORY_H_
#define PHI_CLI_PROCESS_MEMORY_H_

#include <cstdint>
#include <string>

namespace phi::cli {

/// Bytes; all zero where the system does not tell.
struct ProcessMemory {
  uint64_t peak = 0;        ///< the most that was ever resident
  uint64_t anonymous = 0;   ///< resident now, of its own
  uint64_t model = 0;       ///< resident now, mapped from the model's files and shared with others
  uint64_t model_huge = 0;  ///< of these, in huge pages

  /// Do the weights lie in mapped files, rather than in memory of the process's own? It may have
  /// both, when they were repacked.
  bool weights_are_mapped(uint64_t weight_bytes, uint64_t cache_bytes) const {
    constexpr uint64_t kOther = uint64_t{64} << 20;  // scratch and whatever else a program has
    return 2 * model >= weight_bytes && anonymous < weight_bytes + cache_bytes + kOther;
  }
};

/// model: a file, or a folder whose files count together.
ProcessMemory process_memory(const std::string& model);

}  // namespace phi::cli

#endif  // PHI_CLI_PROCESS_MEMORY_H_
