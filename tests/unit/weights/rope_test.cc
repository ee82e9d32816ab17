#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "io/json.h"
#include "phi/error.h"
#include "unit/weights/real_configs.h"
#include "weights/model_config.h"
#include "weights/rope_config.h"

using namespace phi;
using namespace phi::test;
using phi::weights::RopeConfig;
using phi::weights::RopeParameters;
using phi::weights::RopeType;

namespace {

/// theta ** (-2i/d) in double.
double base_frequency(double theta, uint32_t dim, size_t i) {
  return std::pow(theta, -2.0 * static_cast<double>(i) / dim);
}

RopeConfig rope_of(const char* text) {
  return weights::config_from_json(io::Json::parse(text, "config.json"), nullptr, "config.json")
      .rope;
}

constexpr double kRelative = 2e-6;  // float32 powers, as the reference computes them

}  // namespace

TEST_CASE("plain frequencies are powers of theta") {
  const RopeConfig rope = rope_of(kPhi4);
  REQUIRE(rope.inverse_frequency.size() == 64);
  for (size_t i = 0; i < 64; ++i) {
    CHECK(rope.inverse_frequency[i] ==
          doctest::Approx(base_frequency(250000, 128, i)).epsilon(kRelative));
  }
  CHECK(rope.attention_factor == 1);
}

TEST_CASE("longrope: factors divide, the attention factor follows the lengths") {
  const RopeConfig rope = rope_of(kPhi4Mini);
  CHECK(rope.rotary_dim == 96);
  CHECK(rope.original_context == 4096);
  CHECK(rope.attention_factor == doctest::Approx(1.1902380714).epsilon(1e-7));
  REQUIRE(rope.inverse_frequency.size() == 48);
  REQUIRE(rope.long_inverse_frequency.size() == 48);
  CHECK(rope.inverse_frequency[5] ==
        doctest::Approx(base_frequency(10000, 96, 5)).epsilon(kRelative));
  CHECK(rope.long_inverse_frequency[1] ==
        doctest::Approx(base_frequency(10000, 96, 1) / 1.118320672).epsilon(kRelative));
  CHECK(rope.long_inverse_frequency[47] ==
        doctest::Approx(base_frequency(10000, 96, 47) / 47.77).epsilon(kRelative));
}

TEST_CASE("longrope has three spellings in Phi-3 files, and may state its attention factor") {
  const std::string text = kPhi4Mini;
  const size_t at = text.find("\"type\": \"longrope\"");
  for (const char* spelling :
       {"\"type\": \"su\"", "\"type\": \"yarn\"", "\"rope_type\": \"longrope\""}) {
    std::string other = text;
    CHECK(rope_of(other.replace(at, 18, spelling).c_str()) == rope_of(kPhi4Mini));
  }
  std::string stated = text;
  stated.insert(at, "\"attention_factor\": 1.25, ");
  CHECK(rope_of(stated.c_str()).attention_factor == 1.25F);
}

TEST_CASE("llama3 keeps short waves, stretches long ones and blends between") {
  const RopeConfig rope = rope_of(kLlama70B);
  int kept = 0, stretched = 0, blended = 0;
  for (size_t i = 0; i < 64; ++i) {
    const double plain = base_frequency(500000, 128, i);
    const double wavelength = 2 * std::numbers::pi / plain;
    double expected = plain;
    if (wavelength > 8192) {
      expected = plain / 8;
      ++stretched;
    } else if (wavelength < 2048) {
      ++kept;
    } else {
      const double s = (8192 / wavelength - 1) / 3;
      expected = plain * ((1 - s) / 8 + s);
      ++blended;
    }
    CHECK(rope.inverse_frequency[i] == doctest::Approx(expected).epsilon(1e-5));
  }
  CHECK(kept > 0);
  CHECK(stretched > 0);
  CHECK(blended > 0);
  CHECK(rope.attention_factor == 1);
}

TEST_CASE("linear scaling divides every frequency") {
  RopeParameters parameters{.type = RopeType::linear, .rotary_dim = 8, .theta = 100, .factor = 4};
  const RopeConfig rope = weights::resolve_rope(parameters, "test");
  for (size_t i = 0; i < 4; ++i) {
    CHECK(rope.inverse_frequency[i] ==
          doctest::Approx(base_frequency(100, 8, i) / 4).epsilon(kRelative));
  }
}

TEST_CASE("yarn for Qwen2.5's long contexts") {
  std::string text = kQwen14B;
  text.insert(
      1,
      R"("rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768},)");
  const RopeConfig rope = rope_of(text.c_str());
  CHECK(rope.attention_factor == doctest::Approx(0.1 * std::log(4.0) + 1).epsilon(1e-7));
  // The correction dimensions for 32 and 1 turns within 32768 positions: 128 ln(32768 / (2 pi
  // turns)) / (2 ln 1e6).
  const auto dimension = [](double turns) {
    return 128 * std::log(32768 / (turns * 2 * std::numbers::pi)) / (2 * std::log(1e6));
  };
  const double low = std::floor(dimension(32)), high = std::ceil(dimension(1));
  CHECK(low == 23);
  CHECK(high == 40);
  for (size_t i = 0; i < 64; ++i) {
    const double plain = base_frequency(1e6, 128, i);
    const double ramp = std::fmin(std::fmax((static_cast<double>(i) - low) / (high - low), 0), 1);
    CHECK(rope.inverse_frequency[i] ==
          doctest::Approx(plain / 4 * ramp + plain * (1 - ramp)).epsilon(1e-5));
  }
}

TEST_CASE("impossible rotary parameters are refused") {
  const auto refused = [](RopeParameters parameters) {
    CHECK_THROWS_AS((void)weights::resolve_rope(parameters, "test"), Error);
  };
  refused({.rotary_dim = 0});
  refused({.rotary_dim = 15});
  refused({.rotary_dim = 1U << 20});
  refused({.rotary_dim = 16, .theta = std::nan("")});
  refused({.type = RopeType::linear, .rotary_dim = 16});
  refused({.type = RopeType::linear, .rotary_dim = 16, .factor = 0});
  refused({.rotary_dim = 16, .divisors = {1, 2, 3}});
  refused({.type = RopeType::longrope,
           .rotary_dim = 4,
           .context = 8,
           .original_context = 1,
           .short_factors = {1, 1},
           .long_factors = {1, 1}});
}
