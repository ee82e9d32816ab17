/// What the processor can do and how much of it this process may use.
#ifndef PHI_BASE_CPU_H_
#define PHI_BASE_CPU_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "phi/types.h"

namespace phi {

/// Instruction sets that the processor has and the operating system saves.
struct CpuFeatures {
  bool avx2_fma_f16c = false;
  bool avx512 = false;       ///< F, BW, DQ, VL
  bool avx512_vnni = false;  ///< avx512 and VNNI
  bool avx512_bf16 = false;  ///< avx512 and BF16
};

CpuFeatures cpu_features() noexcept;

/// The best of our instruction-set levels that the processor has, not above `cap`.
Isa best_isa(Isa cap) noexcept;
const char* isa_name(Isa isa) noexcept;

/// Physical cores in this process's affinity mask and CPU quota, at least 1.
int32_t usable_cores();

/// The processors of this process's affinity mask: one of every physical core, then the others.
/// Empty where the system does not tell.
std::vector<int> usable_processors();

/// Tells the processor that this thread only looks again and again.
void pause_processor() noexcept;

/// Sleeps while `word` is `value`; may come back before it has changed. Nothing but the word is
/// kept for it, so a child of fork() has nothing to mend. std::atomic's wait keeps a table for the
/// whole process.
void sleep_while(const std::atomic<uint32_t>& word, uint32_t value) noexcept;

/// Wakes one thread that sleeps on `word`, after a change of it.
void wake_one(const std::atomic<uint32_t>& word) noexcept;

/// Bytes of level-2 cache of one core; 1 MiB where the system does not tell.
int64_t l2_cache_bytes() noexcept;

}  // namespace phi

#endif  // PHI_BASE_CPU_H_
