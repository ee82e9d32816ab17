#include "fault/allocation_faults.h"

#include <execinfo.h>
#include <unwind.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace phi::test {

namespace {

std::atomic<int64_t> allocated{0}, live{0};
std::atomic<int64_t> until_failure{0};  // 0 = never fail
std::atomic<bool> keep_failing{false}, failed{false};
std::atomic<const void*> third_party{nullptr};
std::atomic<int64_t> own{0};

bool is_inside(const void* function) noexcept {
  void* callers[48];
  const int depth = backtrace(callers, 48);
  for (int i = 0; i < depth; ++i) {
    if (_Unwind_FindEnclosingFunction(callers[i]) == function) return true;
  }
  return false;
}

bool must_fail() noexcept {
  const int64_t left = until_failure.load(std::memory_order_relaxed);
  if (left == 0) return false;
  if (left < 0) return true;  // all from now on
  if (until_failure.fetch_sub(1) != 1) return false;
  failed = true;
  if (keep_failing) until_failure = -1;
  return true;
}

void* allocate(size_t bytes, size_t alignment) noexcept {
  ++allocated;
  const void* const function = third_party;
  if (function != nullptr && !is_inside(function)) ++own;
  if (must_fail()) return nullptr;
  void* memory = nullptr;
  if (bytes == 0) bytes = 1;
  if (alignment <= alignof(std::max_align_t)) {
    memory = std::malloc(bytes);
  } else if (posix_memalign(&memory, alignment, bytes) != 0) {
    memory = nullptr;
  }
  if (memory != nullptr) ++live;
  return memory;
}

void* allocate_or_throw(size_t bytes, size_t alignment) {
  void* memory = allocate(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  --live;
  std::free(memory);
}

constexpr size_t kPlain = alignof(std::max_align_t);

}  // namespace

int64_t allocations_so_far() noexcept { return allocated; }
int64_t live_allocations() noexcept { return live; }

OwnAllocations::OwnAllocations(const void* third_party_function) noexcept {
  void* caller[1];
  backtrace(caller, 1);  // loads what it needs, which allocates
  own = 0;
  third_party = third_party_function;
}

OwnAllocations::~OwnAllocations() { third_party = nullptr; }

int64_t OwnAllocations::take() noexcept { return own.exchange(0); }

AllocationFaults::AllocationFaults(int64_t nth, Failing failing) noexcept {
  failed = false;
  keep_failing = failing == Failing::from_then_on;
  until_failure = nth;
}

AllocationFaults::~AllocationFaults() { stop(); }

bool AllocationFaults::stop() noexcept {
  until_failure = 0;
  return failed;
}

}  // namespace phi::test

using phi::test::allocate;
using phi::test::allocate_or_throw;
using phi::test::kPlain;
using phi::test::release;

void* operator new(size_t bytes) { return allocate_or_throw(bytes, kPlain); }
void* operator new[](size_t bytes) { return allocate_or_throw(bytes, kPlain); }
void* operator new(size_t bytes, std::align_val_t a) {
  return allocate_or_throw(bytes, static_cast<size_t>(a));
}
void* operator new[](size_t bytes, std::align_val_t a) {
  return allocate_or_throw(bytes, static_cast<size_t>(a));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, kPlain); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, kPlain);
}
void* operator new(size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<size_t>(a));
}
void* operator new[](size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<size_t>(a));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, size_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  release(memory);
}
