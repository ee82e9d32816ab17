/// exp() for softmax, with the same bits on every platform.
#ifndef PHI_SESSION_EXPONENTIAL_H_
#define PHI_SESSION_EXPONENTIAL_H_

#include <bit>
#include <cstdint>

namespace phi::session {

/// The least argument of which the weight counts.
inline constexpr double kLeastExponent = -700.0;

/// e^x for kLeastExponent <= x <= 0, to about one unit in the last place.
///
/// libm's exp differs between systems in the last bit, which can move a draw from one token to the
/// next. This one is made of IEEE additions and multiplications only (no fused ones: the library is
/// built without contraction): x = k ln 2 + r with |r| <= ln 2 / 2, the Taylor polynomial of e^r to
/// r^13, then an exact scaling by 2^k. No branch, loop or conversion, so that a compiler can do
/// several at once.
inline double exp_in_range(double x) noexcept {
  constexpr double kLog2E = 0x1.71547652b82fep+0;
  constexpr double kLn2High = 0x1.62e42fee00000p-1;  // 33 bits, so that k * kLn2High is exact
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  constexpr double kShift = 0x1.8p52;  // beyond it a double has no fraction: adding it rounds
  const double shifted = x * kLog2E + kShift;
  const double k = shifted - kShift;
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 1.0 / 6227020800.0;
  sum = sum * r + 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  const uint64_t scale = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;  // 2^k
  return sum * std::bit_cast<double>(scale);
}

/// e^x for x <= 0; 0 below kLeastExponent and for NaN.
inline double exp_nonpositive(double x) noexcept {
  return x >= kLeastExponent ? exp_in_range(x) : 0.0;
}

}  // namespace phi::session

#endif  // PHI_SESSION_EXPONENTIAL_H_
