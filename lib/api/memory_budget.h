/// The memory limit that an application gives a model, shared by the model and all its sessions.
#ifndef PHI_API_MEMORY_BUDGET_H_
#define PHI_API_MEMORY_BUDGET_H_

#include <atomic>
#include <cstdint>
#include <string_view>

namespace phi::detail {

/// Counts bytes that were promised to somebody; any thread. Nothing is allocated here.
class MemoryBudget {
 public:
  /// limit_bytes: 0 = no limit.
  explicit MemoryBudget(uint64_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}

  /// A share of the budget, given back when it goes away. The budget must outlive it.
  class Reservation {
   public:
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation();

   private:
    friend class MemoryBudget;
    Reservation(MemoryBudget& budget, uint64_t bytes) noexcept : budget_(&budget), bytes_(bytes) {}
    MemoryBudget* budget_;
    uint64_t bytes_;
  };

  /// Error{over_budget} that names `what` and all the numbers; then nothing is reserved.
  Reservation reserve(uint64_t bytes, std::string_view what);

  uint64_t used_bytes() const noexcept { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  const uint64_t limit_bytes_;
  std::atomic<uint64_t> used_bytes_{0};
};

}  // namespace phi::detail

#endif  // PHI_API_MEMORY_BUDGET_H_
