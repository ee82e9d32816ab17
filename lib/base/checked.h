/// Arithmetic on sizes that a file claims: every product and sum is checked before anything is
/// allocated or read.
#ifndef PHI_BASE_CHECKED_H_
#define PHI_BASE_CHECKED_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/fail.h"

namespace phi {

/// a * b, or Error{bad_format} that names `what`.
inline uint64_t checked_mul(uint64_t a, uint64_t b, std::string_view what) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    fail(Code::bad_format, what, ": size overflows 64 bits");
  return product;
}

/// a + b, or Error{bad_format} that names `what`.
inline uint64_t checked_add(uint64_t a, uint64_t b, std::string_view what) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) fail(Code::bad_format, what, ": size overflows 64 bits");
  return sum;
}

/// `value` rounded up to a multiple of `step` (a power of two).
constexpr uint64_t round_up(uint64_t value, uint64_t step) {
  return (value + step - 1) & ~(step - 1);
}

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// `value` >= 0 rounded up to a multiple of any step.
constexpr int64_t round_up_to(int64_t value, int64_t step) { return ceil_div(value, step) * step; }

}  // namespace phi

#endif  // PHI_BASE_CHECKED_H_
