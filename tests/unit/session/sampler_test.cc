#include "session/sampler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "phi/error.h"
#include "session/random.h"

namespace phi::session {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Token sample_once(const std::vector<float>& logits, const Sampling& sampling,
                  const std::vector<Token>& history = {}) {
  Sampler sampler(static_cast<uint32_t>(logits.size()), sampling);
  return sampler.sample(logits, history);
}

std::map<Token, int> sample_many(const std::vector<float>& logits, const Sampling& sampling,
                                 int draws) {
  Sampler sampler(static_cast<uint32_t>(logits.size()), sampling);
  std::map<Token, int> counts;
  for (int i = 0; i < draws; ++i) ++counts[sampler.sample(logits, {})];
  return counts;
}

/// Pearson's statistic of counts against softmax(logits / temperature) restricted to the tokens
/// that were drawn at all.
double chi_squared(const std::map<Token, int>& counts, const std::vector<float>& logits,
                   double temperature, int draws) {
  double total = 0;
  for (const auto& [token, count] : counts)
    total += std::exp(logits[static_cast<size_t>(token)] / temperature);
  double sum = 0;
  for (const auto& [token, count] : counts) {
    const double expected =
        draws * std::exp(logits[static_cast<size_t>(token)] / temperature) / total;
    sum += (count - expected) * (count - expected) / expected;
  }
  return sum;
}

Code code_of(const Sampling& sampling, std::string* message = nullptr) {
  try {
    Sampler sampler(4, sampling);
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  return Code::internal;
}

}  // namespace

TEST_CASE("temperature 0 takes the best token, and the lowest of equals") {
  CHECK(sample_once({1, 5, 5, 2}, {}) == 1);
  CHECK(sample_once({-3, -2, -9}, {}) == 1);
  CHECK(sample_once({kNan, 1, kNan, 2}, {}) == 3);
  CHECK(sample_once({1, kInfinity, 3}, {}) == 1);
  CHECK(sample_once({kNan, kNan}, {}) == 0);
  CHECK(sample_once({-kInfinity, -kInfinity}, {}) == 0);
}

TEST_CASE("bias moves the choice before everything else") {
  Sampling sampling;
  sampling.bias = {{0, 10.0f}};
  CHECK(sample_once({1, 5, 5, 2}, sampling) == 0);
  sampling.bias = {{1, -kInfinity}, {2, -kInfinity}};
  CHECK(sample_once({1, 5, 5, 2}, sampling) == 3);
  sampling.bias = {{0, 2.0f}, {0, 2.5f}};  // both count
  CHECK(sample_once({1, 5, 5, 2}, sampling) == 0);
}

TEST_CASE("repeat penalty divides positive logits and multiplies negative ones, once per token") {
  Sampling sampling;
  sampling.repeat_penalty = 2;
  CHECK(sample_once({4, 3}, sampling, {0}) == 1);
  CHECK(sample_once({4, 1.9f}, sampling, {0, 0, 0}) == 0);  // 4 / 2 only once
  CHECK(sample_once({-1, -1.5f}, sampling, {0}) == 1);
  CHECK(sample_once({-1, -2.5f}, sampling, {0, 0}) == 0);
}

TEST_CASE("presence and frequency penalties") {
  Sampling presence;
  presence.presence_penalty = 1.5f;
  CHECK(sample_once({4, 3}, presence, {0}) == 1);
  CHECK(sample_once({4, 2}, presence, {0, 0, 0}) == 0);
  Sampling frequency;
  frequency.frequency_penalty = 0.75f;
  CHECK(sample_once({4, 3}, frequency, {0}) == 0);
  CHECK(sample_once({4, 3}, frequency, {0, 0}) == 1);
}

TEST_CASE("penalties see the window only") {
  Sampling sampling;
  sampling.presence_penalty = 10;
  sampling.penalty_window = 2;
  CHECK(sample_once({4, 3, 2}, sampling, {0, 1, 2}) == 0);
  CHECK(sample_once({4, 3, 2}, sampling, {1, 0, 2}) == 1);
  sampling.penalty_window = 0;  // the default of 64
  std::vector<Token> history(65, 2);
  history[0] = 0;
  CHECK(sample_once({4, 3, 2}, sampling, history) == 0);
  history[1] = 0;
  CHECK(sample_once({4, 3, 2}, sampling, history) == 1);
}

TEST_CASE("draws follow softmax at the temperature") {
  const std::vector<float> logits = {1.0f, 0.0f, 2.0f, -1.0f, 0.5f};
  for (const float temperature : {0.5f, 1.0f, 2.0f}) {
    Sampling sampling;
    sampling.temperature = temperature;
    sampling.seed = 11;
    const auto counts = sample_many(logits, sampling, 20000);
    CHECK(counts.size() == 5);
    CHECK(chi_squared(counts, logits, temperature, 20000) <
          23.5);  // 4 degrees of freedom, p = 1e-4
  }
}

TEST_CASE("truncations keep what they say and the right proportions") {
  const std::vector<float> logits = {std::log(0.1f), std::log(0.4f), std::log(0.05f),
                                     std::log(0.3f), std::log(0.15f)};
  const auto kept = [&](const Sampling& sampling) {
    const auto counts = sample_many(logits, sampling, 20000);
    std::string tokens;
    for (const auto& [token, count] : counts) tokens += std::to_string(token);
    CHECK(chi_squared(counts, logits, sampling.temperature, 20000) < 23.5);
    return tokens;
  };
  Sampling base;
  base.temperature = 1;
  base.seed = 5;
  SUBCASE("top-k") {
    base.top_k = 3;
    CHECK(kept(base) == "134");
    base.top_k = 1;
    CHECK(kept(base) == "1");
    base.top_k = 100;
    CHECK(kept(base) == "01234");
  }
  SUBCASE("top-p: the shortest prefix that reaches the share") {
    base.top_p = 0.69f;
    CHECK(kept(base) == "13");
    base.top_p = 0.72f;
    CHECK(kept(base) == "134");
    base.top_p = 0.01f;
    CHECK(kept(base) == "1");
  }
  SUBCASE("top-p counts within top-k") {
    base.top_k = 3;      // 0.4, 0.3, 0.15 become 0.47, 0.35, 0.18
    base.top_p = 0.81f;  // 0.82 with two
    CHECK(kept(base) == "13");
  }
  SUBCASE("min-p") {
    base.min_p = 0.3f;  // of 0.4: at least 0.12
    CHECK(kept(base) == "134");
    base.min_p = 1;
    CHECK(kept(base) == "1");
  }
  SUBCASE("temperature comes after the truncations") {
    base.min_p = 0.3f;
    base.temperature = 3;
    CHECK(kept(base) == "134");
  }
}

TEST_CASE("the same seed gives the same tokens, and set() starts it again") {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 7);
  Sampling sampling;
  sampling.temperature = 1;
  sampling.seed = 99;
  Sampler sampler(1000, sampling);
  std::vector<Token> first, second;
  for (int i = 0; i < 50; ++i) first.push_back(sampler.sample(logits, {}));
  sampler.set(sampling);
  for (int i = 0; i < 50; ++i) second.push_back(sampler.sample(logits, {}));
  CHECK(first == second);
  sampling.seed = 100;
  sampler.set(sampling);
  second.clear();
  for (int i = 0; i < 50; ++i) second.push_back(sampler.sample(logits, {}));
  CHECK(first != second);
}

// The tokens that docs/sampling.md's procedure gives, worked out by a Python program written from
// its words alone.
TEST_CASE("draws are those of the specification") {
  std::vector<float> logits(32);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>((i * 37) % 32) / 4.0f;
  Sampling sampling;
  sampling.temperature = 0.75f;
  sampling.seed = 1234;
  SUBCASE("whole vocabulary") {
    Sampler sampler(32, sampling);
    for (const Token expected :
         {5, 25, 19, 25, 6, 25, 19, 6, 19, 19, 19, 6, 6, 19, 12, 25, 19, 31, 31, 25, 25, 10, 17, 5})
      CHECK(sampler.sample(logits, {}) == expected);
  }
  SUBCASE("top-k, top-p and min-p") {
    sampling.top_k = 20;
    sampling.top_p = 0.95f;
    sampling.min_p = 0.05f;
    Sampler sampler(32, sampling);
    for (const Token expected : {19, 18, 12, 18, 19, 5,  6,  19, 25, 12, 25, 19,
                                 19, 12, 6,  18, 25, 11, 11, 31, 31, 19, 6,  19})
      CHECK(sampler.sample(logits, {}) == expected);
  }
}

TEST_CASE("draws are those of the specification, over many blocks of weights") {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = static_cast<float>((i * 37) % 1000) / 250.0f;
  Sampling sampling;
  sampling.temperature = 0.75f;
  sampling.seed = 1234;
  SUBCASE("whole vocabulary") {
    Sampler sampler(1000, sampling);
    for (const Token expected : {51,  836, 674, 863, 104, 890, 431, 189, 564, 640, 485, 215,
                                 141, 639, 368, 832, 610, 968, 971, 809, 780, 241, 375, 50})
      CHECK(sampler.sample(logits, {}) == expected);
  }
  SUBCASE("top-k, top-p and min-p") {
    sampling.top_k = 700;
    sampling.top_p = 0.9f;
    sampling.min_p = 0.05f;
    Sampler sampler(1000, sampling);
    for (const Token expected : {243, 533, 103, 127, 513, 667, 727, 53, 834, 590, 159, 188,
                                 756, 590, 160, 344, 293, 800, 70,  47, 507, 350, 241, 216})
      CHECK(sampler.sample(logits, {}) == expected);
  }
  SUBCASE("top-p of nearly all") {
    sampling.top_p = 0.99f;
    Sampler sampler(1000, sampling);
    for (const Token expected : {243, 153, 859, 71,  540, 989, 24,  161, 347, 238, 510, 323,
                                 810, 238, 376, 883, 860, 417, 227, 451, 722, 458, 484, 216})
      CHECK(sampler.sample(logits, {}) == expected);
  }
}

TEST_CASE("forbidden tokens are never drawn and odd logits never harm") {
  Sampling sampling;
  sampling.temperature = 5;
  sampling.bias = {{2, -kInfinity}};
  for (const auto& [token, count] : sample_many({1, kNan, 9, -kInfinity, 2}, sampling, 2000)) {
    CHECK((token == 0 || token == 4));
  }
  for (const float top_p : {0.0f, 0.5f}) {
    sampling.top_p = top_p;
    CHECK(sample_many({kNan, kNan, kNan}, sampling, 10).size() == 1);
    CHECK(sample_many({kInfinity, 0, -kInfinity}, sampling, 100) == std::map<Token, int>{{0, 100}});
  }
  sampling.temperature = 1e-30f;
  CHECK(sample_many({1, 1.5f, 9}, sampling, 100) == std::map<Token, int>{{1, 100}});
}

TEST_CASE("errors name the field") {
  std::string message;
  Sampling sampling;
  const auto check = [&](const char* field, Code code) {
    CHECK(code_of(sampling, &message) == code);
    CHECK_MESSAGE(message.find(field) != std::string::npos, message);
    sampling = {};
  };
  sampling.temperature = -1;
  check("temperature", Code::invalid_argument);
  sampling.temperature = kNan;
  check("temperature", Code::invalid_argument);
  sampling.top_p = 1.5f;
  check("top_p", Code::invalid_argument);
  sampling.top_p = -0.1f;
  check("top_p", Code::invalid_argument);
  sampling.min_p = 2;
  check("min_p", Code::invalid_argument);
  sampling.repeat_penalty = -1;
  check("repeat_penalty", Code::invalid_argument);
  sampling.presence_penalty = kInfinity;
  check("presence_penalty", Code::invalid_argument);
  sampling.frequency_penalty = kNan;
  check("frequency_penalty", Code::invalid_argument);
  sampling.bias = {{1, 1.0f}, {4, 1.0f}};
  check("bias[1]", Code::out_of_range);
  sampling.bias = {{0, kNan}};
  check("bias[0]", Code::invalid_argument);
  sampling.stop_tokens = {-1};
  check("stop_tokens[0]", Code::out_of_range);
}

namespace {

/// docs/sampling.md word by word, with the C library's exp and everything sorted.
Token draw_as_specified(const std::vector<float>& logits, const Sampling& sampling,
                        double uniform) {
  std::vector<Token> order(logits.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Token>(i);
  const auto score = [&](Token token) { return logits[static_cast<size_t>(token)]; };
  const bool cut = sampling.top_k > 0 || sampling.top_p < 1 || sampling.min_p > 0;
  const double highest = *std::max_element(logits.begin(), logits.end());
  const auto weight = [&](Token token, double t) { return std::exp((score(token) - highest) / t); };
  double whole = 0;
  for (const Token token : order) whole += weight(token, 1);
  if (cut)
    std::stable_sort(order.begin(), order.end(),
                     [&](Token a, Token b) { return score(a) > score(b); });
  if (sampling.top_k > 0 && sampling.top_k < order.size()) {
    order.resize(sampling.top_k);
    whole = 0;
    for (const Token token : order) whole += weight(token, 1);
  }
  if (sampling.top_p < 1) {
    size_t kept = 0;
    for (double sum = 0; kept == 0 || sum < sampling.top_p * whole; ++kept)
      sum += weight(order[kept], 1);
    order.resize(kept);
  }
  if (sampling.min_p > 0) {
    size_t kept = 0;
    while (kept < order.size() && weight(order[kept], 1) >= sampling.min_p) ++kept;
    order.resize(kept);
  }
  double total = 0, reached = 0;
  for (const Token token : order) total += weight(token, sampling.temperature);
  Token drawn = order.front();
  for (size_t i = 0; i < order.size() && reached <= uniform * total; ++i) {
    drawn = order[i];
    reached += weight(order[i], sampling.temperature);
  }
  return drawn;
}

/// f32 [count] within `width`, on a grid of so many steps, which makes equals.
std::vector<float> flat_logits(size_t count, float width, uint32_t steps) {
  Random random(17);
  std::vector<float> logits(count);
  for (float& logit : logits)
    logit = width * static_cast<float>(random.next_bits() % steps) / static_cast<float>(steps);
  return logits;
}

}  // namespace

TEST_CASE("draws from many candidates are those of the specification") {
  std::vector<Sampling> settings(9);
  settings[1].top_p = 0.5F;
  settings[2].top_p = 0.95F;
  settings[3].min_p = 0.05F;
  settings[4].top_k = 1000;
  settings[5].top_k = 5000;
  settings[5].top_p = 0.7F;
  settings[6].top_p = 0.9F;
  settings[6].min_p = 0.4F;
  settings[7].top_k = 3000;
  settings[7].top_p = 0.8F;
  settings[7].min_p = 0.5F;
  settings[8].min_p = 1;
  const std::vector<std::vector<float>> kinds = {
      flat_logits(20000, 1, 1u << 24), flat_logits(20000, 12, 1u << 20),
      flat_logits(20000, 1, 7),        flat_logits(20000, 0, 1),
      flat_logits(3000, 1, 1u << 24),  flat_logits(9000, 90, 999)};
  for (size_t kind = 0; kind < kinds.size(); ++kind) {
    for (size_t i = 0; i < settings.size(); ++i) {
      CAPTURE(kind);
      CAPTURE(i);
      settings[i].temperature = i % 2 == 0 ? 0.8F : 1;
      settings[i].seed = 23;
      Sampler sampler(static_cast<uint32_t>(kinds[kind].size()), settings[i]);
      Random random(23);
      for (int draw = 0; draw < 12; ++draw) {
        Sampling specified = settings[i];
        if (specified.top_p == 0) specified.top_p = 1;
        CHECK(sampler.sample(kinds[kind], {}) ==
              draw_as_specified(kinds[kind], specified, random.next_uniform()));
      }
    }
  }
}

TEST_CASE("a refused change leaves the sampler as it was") {
  Sampling sampling;
  sampling.temperature = 1;
  sampling.seed = 3;
  Sampler changed(8, sampling), untouched(8, sampling);
  const std::vector<float> logits = {1, 2, 3, 4, 4, 3, 2, 1};
  (void)changed.sample(logits, {});
  (void)untouched.sample(logits, {});
  sampling.top_p = 7;
  CHECK_THROWS_AS(changed.set(sampling), Error);
  for (int i = 0; i < 20; ++i) CHECK(changed.sample(logits, {}) == untouched.sample(logits, {}));
}

}  // namespace phi::session
