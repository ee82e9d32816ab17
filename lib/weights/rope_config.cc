#include "weights/rope_config.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/fail.h"
#include "weights/limits.h"

namespace phi::weights {

namespace {

/// theta ** (2i / rotary_dim), i < rotary_dim/2
std::vector<float> wavelengths_over_two_pi(double theta, uint32_t rotary_dim) {
  std::vector<float> values(rotary_dim / 2);
  const auto base = static_cast<float>(theta);
  const auto dim = static_cast<float>(rotary_dim);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = std::pow(base, static_cast<float>(2 * i) / dim);
  }
  return values;
}

std::vector<float> reciprocals(std::vector<float> values) {
  for (float& value : values) value = 1.0F / value;
  return values;
}

double needed_factor(const RopeParameters& rope, const std::string& source) {
  if (!rope.factor) fail(Code::bad_format, source, ": rope scaling 'factor' is missing");
  if (!(std::isfinite(*rope.factor) && *rope.factor > 0)) {
    fail(Code::bad_format, source, ": rope scaling 'factor' ", *rope.factor, " is not above zero");
  }
  return *rope.factor;
}

/// Long wavelengths are stretched by the factor, short ones kept, those between blended.
/// A blend between equal bounds has no width; then the frequency at the bound is kept.
void scale_llama3(const RopeParameters& rope, double factor, std::vector<float>& frequencies) {
  const auto stretch = static_cast<float>(factor);
  const auto original = static_cast<float>(rope.original_context);
  const auto low = static_cast<float>(rope.low_freq_factor);
  const auto high = static_cast<float>(rope.high_freq_factor);
  const float longest_kept = original / high, shortest_stretched = original / low;
  for (float& frequency : frequencies) {
    const float wavelength = static_cast<float>(2 * std::numbers::pi) / frequency;
    if (wavelength > shortest_stretched) {
      frequency /= stretch;
    } else if (wavelength >= longest_kept && low != high) {
      const float smooth = (original / wavelength - low) / (high - low);
      frequency = (1.0F - smooth) * frequency / stretch + smooth * frequency;
    }
  }
}

/// The dimension whose wave makes `rotations` turns within the original context (YaRN, arXiv
/// 2309.00071).
double correction_dimension(const RopeParameters& rope, double rotations) {
  return rope.rotary_dim * std::log(rope.original_context / (rotations * 2 * std::numbers::pi)) /
         (2 * std::log(rope.theta));
}

void scale_yarn(const RopeParameters& rope, double factor, std::vector<float>& frequencies) {
  double low = correction_dimension(rope, rope.beta_fast);
  double high = correction_dimension(rope, rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, rope.rotary_dim - 1.0);
  if (low == high) high += 0.001;
  const auto stretch = static_cast<float>(factor);
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const float position = static_cast<float>(i) - static_cast<float>(low);
    const float ramp = std::clamp(position / static_cast<float>(high - low), 0.0F, 1.0F);
    const float kept = 1.0F - ramp;
    frequencies[i] = frequencies[i] / stretch * (1.0F - kept) + frequencies[i] * kept;
  }
}

double yarn_attention_factor(const RopeParameters& rope, double factor) {
  if (rope.attention_factor) return *rope.attention_factor;
  const auto magnitude = [factor](double scale) {
    return factor <= 1 ? 1.0 : 0.1 * scale * std::log(factor) + 1.0;
  };
  if (rope.mscale.value_or(0) != 0 && rope.mscale_all_dim.value_or(0) != 0) {
    return magnitude(*rope.mscale) / magnitude(*rope.mscale_all_dim);
  }
  return magnitude(1);
}

double longrope_attention_factor(const RopeParameters& rope) {
  if (rope.attention_factor) return *rope.attention_factor;
  const double factor =
      rope.factor.value_or(static_cast<double>(rope.context) / rope.original_context);
  return factor <= 1 ? 1.0 : std::sqrt(1 + std::log(factor) / std::log(rope.original_context));
}

/// 1 / (factors[i] * theta ** (2i / rotary_dim))
std::vector<float> longrope_frequencies(const RopeParameters& rope,
                                        const std::vector<float>& factors, const char* which,
                                        const std::string& source) {
  std::vector<float> values = wavelengths_over_two_pi(rope.theta, rope.rotary_dim);
  if (factors.size() != values.size()) {
    fail(Code::bad_format, source, ": longrope ", which, " factors: ", factors.size(),
         " numbers, expected ", values.size());
  }
  for (size_t i = 0; i < values.size(); ++i) values[i] *= factors[i];
  return reciprocals(std::move(values));
}

void resolve_longrope(const RopeParameters& rope, const std::string& source, RopeConfig& out) {
  if (rope.original_context < 2) {
    fail(Code::bad_format, source, ": longrope original context ", rope.original_context,
         " is below 2");
  }
  out.original_context = rope.original_context;
  out.attention_factor = static_cast<float>(longrope_attention_factor(rope));
  out.inverse_frequency = longrope_frequencies(rope, rope.short_factors, "short", source);
  out.long_inverse_frequency = longrope_frequencies(rope, rope.long_factors, "long", source);
}

void divide(const std::vector<float>& divisors, const std::string& source,
            std::vector<float>& frequencies) {
  if (divisors.empty()) return;
  if (divisors.size() != frequencies.size()) {
    fail(Code::bad_format, source, ": ", divisors.size(), " rope frequency factors, expected ",
         frequencies.size());
  }
  for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= divisors[i];
}

}  // namespace

RopeType rope_type_by_name(std::string_view name, std::string_view where) {
  if (name == "default" || name == "none") return RopeType::plain;
  if (name == "linear") return RopeType::linear;
  if (name == "llama3") return RopeType::llama3;
  if (name == "yarn") return RopeType::yarn;
  if (name == "longrope" || name == "su") return RopeType::longrope;
  fail(Code::unsupported, where, ": rope type '", printable(name), "' is not supported");
}

RopeConfig resolve_rope(const RopeParameters& rope, const std::string& source) {
  if (rope.rotary_dim == 0 || rope.rotary_dim % 2 != 0 || rope.rotary_dim > kMaxHeadDim) {
    fail(Code::bad_format, source, ": rotary dimension ", rope.rotary_dim,
         " is not an even number up to ", kMaxHeadDim);
  }
  if (!(std::isfinite(rope.theta) && rope.theta > 0)) {
    fail(Code::bad_format, source, ": rope theta ", rope.theta, " is not above zero");
  }
  RopeConfig out;
  out.pairs = rope.pairs;
  out.rotary_dim = rope.rotary_dim;
  if (rope.type == RopeType::longrope) {
    resolve_longrope(rope, source, out);
    return out;
  }
  out.inverse_frequency = reciprocals(wavelengths_over_two_pi(rope.theta, rope.rotary_dim));
  divide(rope.divisors, source, out.inverse_frequency);
  if (rope.type == RopeType::plain) return out;

  const double factor = needed_factor(rope, source);
  if (rope.type == RopeType::linear) {
    for (float& frequency : out.inverse_frequency) frequency /= static_cast<float>(factor);
  } else if (rope.type == RopeType::llama3) {
    scale_llama3(rope, factor, out.inverse_frequency);
  } else {
    scale_yarn(rope, factor, out.inverse_frequency);
    out.attention_factor = static_cast<float>(yarn_attention_factor(rope, factor));
  }
  return out;
}

}  // namespace phi::weights
