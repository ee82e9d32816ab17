/// Comparing logits with reference values, with messages that say where and by how much they
/// differ.
#ifndef PHI_SUPPORT_COMPARE_H_
#define PHI_SUPPORT_COMPARE_H_

#include <cstdint>
#include <span>
#include <string>

#include "phi/types.h"

namespace phi::test {

/// sum((a - b)^2) / sum(b^2), in double. Not finite when `a` is not, infinite when only `b` is all
/// zero.
double nmse(std::span<const float> a, std::span<const float> b);

/// Element by element abs(a - b) <= absolute + relative * abs(b).
struct Tolerance {
  double absolute = 1e-3, relative = 1e-3;
};

/// Each gives "" when the condition holds, else one line about the worst place. `cols` turns an
/// index into row and column.
std::string outside_tolerance(std::span<const float> a, std::span<const float> b,
                              Tolerance tolerance, int64_t cols);
std::string above_nmse(std::span<const float> a, std::span<const float> b, double bound);
std::string differs_in_bits(std::span<const float> a, std::span<const float> b, int64_t cols);
std::string differs(std::span<const Token> a, std::span<const Token> b);

}  // namespace phi::test

#endif  // PHI_SUPPORT_COMPARE_H_
