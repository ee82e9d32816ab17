/// Replaces operator new and delete of the whole test program: counts allocations and makes chosen
/// ones fail. Counts cover every thread. Only one AllocationFaults may live at a time.
#ifndef PHI_FAULT_ALLOCATION_FAULTS_H_
#define PHI_FAULT_ALLOCATION_FAULTS_H_

#include <cstdint>

namespace phi::test {

int64_t allocations_so_far() noexcept;  ///< since the program began
int64_t live_allocations() noexcept;

/// Counts, while it lives, the allocations that are not made inside of one function: a third
/// party's. It looks at the callers of each allocation, which is slow.
class OwnAllocations {
 public:
  explicit OwnAllocations(const void* third_party_function) noexcept;
  ~OwnAllocations();
  OwnAllocations(const OwnAllocations&) = delete;
  OwnAllocations& operator=(const OwnAllocations&) = delete;
  /// Since the last call.
  int64_t take() noexcept;
};

enum class Failing { once, from_then_on };

/// While it lives, the n-th allocation (from 1) fails, or that one and all after it.
class AllocationFaults {
 public:
  AllocationFaults(int64_t nth, Failing failing) noexcept;
  ~AllocationFaults();
  AllocationFaults(const AllocationFaults&) = delete;
  AllocationFaults& operator=(const AllocationFaults&) = delete;

  /// Did any allocation fail? Ends the failing.
  bool stop() noexcept;
};

}  // namespace phi::test

#endif  // PHI_FAULT_ALLOCATION_FAULTS_H_
