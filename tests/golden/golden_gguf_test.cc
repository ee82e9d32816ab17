// GGUF files of every block format against logits computed in float32 from the weights that gguf-py
// dequantises from them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "golden/golden_case.h"
#include "golden/golden_run.h"

namespace {

using namespace phi::test;
using phi::Kv;
using phi::Model;
using phi::Token;

/// "" when the logits are as near as the file's format asks for.
std::string outside_bound(const GoldenCase& golden, std::span<const float> computed,
                          std::span<const float> expected) {
  if (golden.stored == "F32")
    return outside_tolerance(computed, expected, golden.f32, golden.vocab_size);
  return above_nmse(computed, expected,
                    golden.stored == "F16" ? golden.nmse_f16 : golden.nmse_bf16);
}

/// Logits of generation led along the prompt, from row 1 on, beside the reference.
Comparison generate_along(const GoldenCase& golden, const Model& model, int64_t length) {
  const auto& ids = golden.tensors.tokens("input_ids.T" + std::to_string(length));
  const auto logits = next_forced(model, session_options(length, Kv::f32), ids, 1);
  Comparison rows;
  for (int64_t row = 1; row < length; ++row) {
    const auto expected = golden.logits(length, row, row + 1);
    const auto begin = logits.begin() + (row - 1) * golden.vocab_size;
    rows.expected.insert(rows.expected.end(), expected.begin(), expected.end());
    rows.computed.insert(rows.computed.end(), begin, begin + static_cast<int64_t>(expected.size()));
  }
  return rows;
}

double largest_difference(const Comparison& rows) {
  double largest = 0;
  for (size_t i = 0; i < rows.expected.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(rows.computed[i]) -
                                         static_cast<double>(rows.expected[i])));
  }
  return largest;
}

}  // namespace

TEST_SUITE_BEGIN("gguf");

TEST_CASE("there are GGUF files to test") { CHECK(gguf_cases().size() >= 15); }

TEST_CASE("prompts give the reference logits in every format") {
  for (const GoldenCase& golden : gguf_cases()) {
    CAPTURE(golden.name);
    const Model model = Model::open(golden.model);
    double worst = 0;
    for (const int64_t length : golden.tensors.lengths("logits")) {
      CAPTURE(length);
      const auto& ids = golden.tensors.tokens("input_ids.T" + std::to_string(length));
      const auto& expected = golden.tensors.matrix("logits.T" + std::to_string(length)).values;
      const auto computed = append_whole(model, session_options(length, Kv::f32), ids);
      CHECK(outside_bound(golden, computed, expected) == "");
      worst = std::max(worst, nmse(computed, expected));
      for (const Kv kv : {Kv::bf16, Kv::int8}) {
        CAPTURE(static_cast<int>(kv));
        CHECK(above_nmse(append_whole(model, session_options(length, kv), ids), expected,
                         golden.nmse_bf16) == "");
      }
    }
    MESSAGE(golden.name << ": nmse of the prompt " << worst);
  }
}

TEST_CASE("fast prompts stay within the bound of 8-bit activations") {
  for (const GoldenCase& golden : gguf_cases()) {
    CAPTURE(golden.name);
    const Model model = Model::open(golden.model);
    double worst = 0;
    for (const int64_t length : golden.tensors.lengths("logits")) {
      CAPTURE(length);
      const auto& ids = golden.tensors.tokens("input_ids.T" + std::to_string(length));
      const auto& expected = golden.tensors.matrix("logits.T" + std::to_string(length)).values;
      phi::SessionOptions fast = session_options(length, Kv::bf16);
      fast.precision = phi::Precision::fast;
      const auto computed = append_whole(model, fast, ids);
      CHECK(above_nmse(computed, expected, golden.nmse_bf16) == "");
      worst = std::max(worst, nmse(computed, expected));

      fast.threads = 3;
      CHECK(append_whole(model, fast, ids) == computed);
    }
    MESSAGE(golden.name << ": nmse of the fast prompt " << worst);
  }
}

TEST_CASE("generation gives the reference logits in every format") {
  for (const GoldenCase& golden : gguf_cases()) {
    CAPTURE(golden.name);
    const Model model = Model::open(golden.model);
    double worst = 0;
    for (const int64_t length : golden.tensors.lengths("logits")) {
      CAPTURE(length);
      const Comparison rows = generate_along(golden, model, length);
      CHECK(outside_bound(golden, rows.computed, rows.expected) == "");
      worst = std::max(worst, nmse(rows.computed, rows.expected));
    }
    MESSAGE(golden.name << ": nmse of generation " << worst);
  }
}

TEST_CASE("the greedy continuation is the reference's") {
  for (const GoldenCase& golden : gguf_cases()) {
    CAPTURE(golden.name);
    const Model model = Model::open(golden.model);
    for (const int64_t length : golden.tensors.lengths("greedy_ids")) {
      CAPTURE(length);
      const std::string suffix = ".T" + std::to_string(length);
      const auto& prompt = golden.tensors.tokens("input_ids" + suffix);
      const auto& expected = golden.tensors.tokens("greedy_ids" + suffix);
      const auto options = session_options(length, Kv::f32);
      if (golden.stored == "F32") CHECK(differs(greedy(model, options, prompt), expected) == "");

      // Coarser arithmetic is led along the reference; it must choose alike wherever the margin is
      // clear.
      const double clear = 4 * largest_difference(generate_along(golden, model, length));
      const auto& margins = golden.tensors.matrix("greedy_margin" + suffix).values;
      std::vector<Token> ids(prompt);
      ids.insert(ids.end(), expected.begin(), expected.end());
      const auto logits = next_forced(model, options, ids, length);
      int compared = 0;
      for (size_t step = 1; step < expected.size(); ++step) {
        if (static_cast<double>(margins[step]) <= clear) continue;
        CAPTURE(step);
        const auto row =
            std::span(logits).subspan((step - 1) * golden.vocab_size, golden.vocab_size);
        CHECK(argmax(row) == expected[step]);
        ++compared;
      }
      CAPTURE(clear);
      if (golden.computes_in_f32()) CHECK(compared == kGreedySteps - 1);
    }
  }
}

TEST_SUITE_END();
