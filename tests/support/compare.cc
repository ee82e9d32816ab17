#include "support/compare.h"

#include <bit>
#include <cmath>
#include <limits>
#include <sstream>

namespace phi::test {

namespace {

std::string sizes_differ(size_t a, size_t b) {
  return std::to_string(a) + " values, expected " + std::to_string(b);
}

std::string place(size_t index, int64_t cols) {
  const auto position = static_cast<int64_t>(index);
  return "[" + std::to_string(position / cols) + ", " + std::to_string(position % cols) + "]";
}

}  // namespace

double nmse(std::span<const float> a, std::span<const float> b) {
  double error = 0, power = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    error += difference * difference;
    power += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  if (power > 0) return error / power;
  return error > 0 ? std::numeric_limits<double>::infinity() : error;
}

std::string outside_tolerance(std::span<const float> a, std::span<const float> b,
                              Tolerance tolerance, int64_t cols) {
  if (a.size() != b.size()) return sizes_differ(a.size(), b.size());
  size_t outside = 0, worst = 0;
  double worst_excess = -1;
  for (size_t i = 0; i < b.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    const double excess = difference / (tolerance.absolute +
                                        tolerance.relative * std::abs(static_cast<double>(b[i])));
    if (excess <= 1) continue;  // also false for NaN
    ++outside;
    if (!(excess <= worst_excess)) {
      worst = i;
      worst_excess = excess;
    }
  }
  if (outside == 0) return "";
  std::ostringstream message;
  message << outside << " of " << b.size() << " values outside the tolerance, worst at "
          << place(worst, cols) << ": " << a[worst] << ", expected " << b[worst] << " ("
          << worst_excess << " x the tolerance; nmse " << nmse(a, b) << ")";
  return message.str();
}

std::string above_nmse(std::span<const float> a, std::span<const float> b, double bound) {
  if (a.size() != b.size()) return sizes_differ(a.size(), b.size());
  const double value = nmse(a, b);
  if (value <= bound) return "";
  std::ostringstream message;
  message << "nmse " << value << ", accepted " << bound;
  return message.str();
}

std::string differs_in_bits(std::span<const float> a, std::span<const float> b, int64_t cols) {
  if (a.size() != b.size()) return sizes_differ(a.size(), b.size());
  size_t different = 0, first = 0;
  for (size_t i = b.size(); i-- > 0;) {
    if (std::bit_cast<uint32_t>(a[i]) == std::bit_cast<uint32_t>(b[i])) continue;
    ++different;
    first = i;
  }
  if (different == 0) return "";
  std::ostringstream message;
  message.precision(9);
  message << different << " of " << b.size() << " values differ in their bits, first at "
          << place(first, cols) << ": " << a[first] << ", expected " << b[first];
  return message.str();
}

std::string differs(std::span<const Token> a, std::span<const Token> b) {
  size_t same = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
  if (same == a.size() && same == b.size()) return "";
  auto shown = [&](std::span<const Token> tokens) {
    std::string text;
    for (size_t i = same; i < tokens.size() && i < same + 6; ++i)
      text += " " + std::to_string(tokens[i]);
    return text.empty() ? std::string(" (end)") : text;
  };
  return "tokens differ from index " + std::to_string(same) + " of " + std::to_string(b.size()) +
         ":" + shown(a) + ", expected" + shown(b);
}

}  // namespace phi::test
