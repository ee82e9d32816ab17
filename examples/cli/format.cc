#include "format.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "command.h"

namespace phi::cli {

namespace {

/// The power of 1000 that leaves `value` below 1000, at most `last`.
int scale_down(double& value, int last) {
  int power = 0;
  for (; value >= 999.5 && power < last; ++power) value /= 1000;
  return power;
}

}  // namespace

std::string format_fixed(double value, int digits) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<size_t>(size)};
}

std::string format_si(double value, const std::string& unit) {
  constexpr std::array kPrefixes = {"", "k", "M", "G", "T", "P"};
  const int power = scale_down(value, static_cast<int>(kPrefixes.size()) - 1);
  const int digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return format_fixed(value, digits) + " " + kPrefixes.at(static_cast<size_t>(power)) + unit;
}

std::string format_bytes(uint64_t bytes) {
  return bytes < 1000 ? std::to_string(bytes) + " B" : format_si(static_cast<double>(bytes), "B");
}

std::string format_count(uint64_t count) {
  constexpr std::array kUnits = {"", " K", " M", " B", " T"};
  double value = static_cast<double>(count);
  const int power = scale_down(value, static_cast<int>(kUnits.size()) - 1);
  const int digits = power == 0 ? 0 : value >= 99.95 ? 1 : 2;
  return format_fixed(value, digits) + kUnits.at(static_cast<size_t>(power));
}

std::string format_seconds(double seconds) {
  if (seconds < 0.9995) return format_fixed(seconds * 1000, seconds < 0.01 ? 1 : 0) + " ms";
  if (seconds < 59.95) return format_fixed(seconds, 1) + " s";
  const int64_t whole = std::llround(seconds);
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

uint64_t parse_bytes(const std::string& text, const std::string& flag) {
  const auto reject = [&]() -> UsageError {
    return UsageError(flag + ": '" + text +
                      "' is not a size; write for example 8G, 512MiB or 1000000");
  };
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !(value >= 0)) throw reject();

  std::string unit;
  for (const char c : std::string_view(rest, text.data() + text.size())) {
    if (c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (!unit.empty() && unit.back() == 'b') unit.pop_back();
  if (!unit.empty()) {
    const bool binary = unit.size() == 2 && unit[1] == 'i';
    const size_t power = std::string_view("kmgt").find(unit[0]);
    if (power == std::string_view::npos || (unit.size() > 1 && !binary)) throw reject();
    value *= std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power + 1));
  }
  if (!(value < 9e18)) throw reject();
  return static_cast<uint64_t>(value);
}

}  // namespace phi::cli
