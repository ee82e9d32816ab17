#include "api/memory_budget.h"

#include <utility>

#include "base/fail.h"

namespace phi::detail {

MemoryBudget::Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}

MemoryBudget::Reservation::~Reservation() {
  if (budget_ != nullptr) budget_->used_bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
}

MemoryBudget::Reservation MemoryBudget::reserve(uint64_t bytes, std::string_view what) {
  uint64_t used = used_bytes();
  do {
    if (limit_bytes_ != 0 && (used > limit_bytes_ || bytes > limit_bytes_ - used)) {
      fail(Code::over_budget, what, ": ", bytes, " bytes do not fit, ", used, " of the limit of ",
           limit_bytes_, " bytes are taken");
    }
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return {*this, bytes};
}

}  // namespace phi::detail
