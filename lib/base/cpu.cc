#include "base/cpu.h"

#include <sched.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <utility>

namespace phi {

CpuFeatures cpu_features() noexcept {
  CpuFeatures features;
#if defined(__x86_64__)
  // Every processor with AVX2 has F16C; clang 14 cannot ask for it.
  features.avx2_fma_f16c = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  features.avx512 = features.avx2_fma_f16c && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  features.avx512_vnni = features.avx512 && __builtin_cpu_supports("avx512vnni");
  features.avx512_bf16 = features.avx512 && __builtin_cpu_supports("avx512bf16");
#endif
  return features;
}

Isa best_isa(Isa cap) noexcept {
  const CpuFeatures features = cpu_features();
  Isa best = Isa::base;
  if (features.avx2_fma_f16c) best = Isa::avx2;
  if (features.avx512) best = Isa::avx512;
  if (features.avx512_vnni) best = Isa::avx512_vnni;
  return cap == Isa::best ? best : std::min(best, cap);
}

const char* isa_name(Isa isa) noexcept {
  switch (isa) {
    case Isa::best:
      return "best";
    case Isa::base:
      return "base";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512_vnni:
      return "avx512-vnni";
  }
  return "unknown";
}

namespace {

/// First integer of a small system file, or `otherwise`.
int64_t read_number(const std::string& path, int64_t otherwise) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? value : otherwise;
}

/// Processors that the control group's quota pays for, rounded up; a large number when there is no
/// quota.
int32_t quota_cores() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  int64_t period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 1 << 20;
  char* end = nullptr;
  const long long microseconds = std::strtoll(quota.c_str(), &end, 10);
  if (end == quota.c_str() || microseconds <= 0) return 1 << 20;
  return static_cast<int32_t>((microseconds + period - 1) / period);
}

/// (package, core) of a processor.
std::pair<int64_t, int64_t> core_of(int cpu) {
  const std::string topology = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
  return {read_number(topology + "physical_package_id", 0),
          read_number(topology + "core_id", 1000 + cpu)};
}

}  // namespace

std::vector<int> usable_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return {};
  std::set<std::pair<int64_t, int64_t>> cores;  // (package, core)
  std::vector<int> processors, siblings;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const bool first_of_its_core = cores.insert(core_of(cpu)).second;
    (first_of_its_core ? processors : siblings).push_back(cpu);
  }
  processors.insert(processors.end(), siblings.begin(), siblings.end());
  return processors;
}

int32_t usable_cores() {
  std::set<std::pair<int64_t, int64_t>> cores;  // hyper-threads of one core count once
  for (const int cpu : usable_processors()) cores.insert(core_of(cpu));
  const auto count = static_cast<int32_t>(cores.size());
  const auto online = static_cast<int32_t>(sysconf(_SC_NPROCESSORS_ONLN));
  return std::max(1, std::min(count > 0 ? count : online, quota_cores()));
}

void pause_processor() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

#if defined(__linux__)
static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

void sleep_while(const std::atomic<uint32_t>& word, uint32_t value) noexcept {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake_one(const std::atomic<uint32_t>& word) noexcept {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}
#else
void sleep_while(const std::atomic<uint32_t>& word, uint32_t value) noexcept { word.wait(value); }

void wake_one(const std::atomic<uint32_t>& word) noexcept {
  const_cast<std::atomic<uint32_t>&>(word).notify_one();
}
#endif

int64_t l2_cache_bytes() noexcept {
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? bytes : int64_t{1} << 20;
}

}  // namespace phi
