/// exp() for softmax, with the same bits on every platform.
#ifndef PHI_SESSION_EXPONENTIAL_H_
#define PHI_SESSION_EXPONENTIAL_H_

#include <bit>
#include <cstdint>

namespace phi::session {

/// e^x for x <= 0, to about one unit in the last place; 0 below -700, where weights no longer
/// count. NaN gives 0.
///
/// libm's exp differs between systems in the last bit, which can move a draw from one token to the
/// next. This one is made of IEEE additions and multiplications only (no fused ones: the library is
/// built without contraction): x = k ln 2 + r with |r| <= ln 2 / 2, the Taylor polynomial of e^r to
/// r^13, then an exact scaling by 2^k.
inline double exp_nonpositive(double x) noexcept {
  if (!(x >= -700.0)) return 0.0;
  constexpr double kLog2E = 0x1.71547652b82fep+0;
  constexpr double kLn2High = 0x1.62e42fee00000p-1;  // 33 bits, so that k * kLn2High is exact
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  const auto k = static_cast<int64_t>(x * kLog2E - 0.5);  // rounds to nearest, as x <= 0
  const double r = (x - static_cast<double>(k) * kLn2High) - static_cast<double>(k) * kLn2Low;
  constexpr double kInverseFactorials[] = {1.0 / 6227020800.0,
                                           1.0 / 479001600.0,
                                           1.0 / 39916800.0,
                                           1.0 / 3628800.0,
                                           1.0 / 362880.0,
                                           1.0 / 40320.0,
                                           1.0 / 5040.0,
                                           1.0 / 720.0,
                                           1.0 / 120.0,
                                           1.0 / 24.0,
                                           1.0 / 6.0,
                                           0.5,
                                           1.0,
                                           1.0};
  double sum = 0;
  for (const double coefficient : kInverseFactorials) sum = sum * r + coefficient;
  return sum * std::bit_cast<double>(static_cast<uint64_t>(1023 + k) << 52);
}

}  // namespace phi::session

#endif  // PHI_SESSION_EXPONENTIAL_H_
