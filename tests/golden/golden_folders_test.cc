// Hugging Face folders against the logits and tokens that transformers computes from them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "golden/golden_case.h"
#include "golden/golden_run.h"
#include "support/test_files.h"

namespace {

using namespace phi::test;
using phi::Kv;
using phi::Model;
using phi::Token;

/// The model of a case with its weights held so that everything is computed in float32.
Model open_in_f32(const GoldenCase& golden) {
  phi::ModelOptions options;
  options.weights = golden.computes_in_f32() ? phi::Weights::as_stored : phi::Weights::f32;
  return Model::open(golden.model, options);
}

const std::vector<Token>& longest_prompt(const GoldenCase& golden) {
  return golden.tensors.tokens("input_ids.T" +
                               std::to_string(golden.tensors.lengths("input_ids").back()));
}

}  // namespace

TEST_SUITE_BEGIN("folders");

TEST_CASE("there are folders to test") { CHECK(folder_cases().size() >= 10); }

TEST_CASE("float32 weights and cache give the reference logits for every prompt") {
  for (const GoldenCase& golden : folder_cases()) {
    CAPTURE(golden.name);
    const Model model = open_in_f32(golden);
    REQUIRE(model.info().vocab_size == golden.vocab_size);
    for (const int64_t length : golden.tensors.lengths("logits")) {
      CAPTURE(length);
      const auto& ids = golden.tensors.tokens("input_ids.T" + std::to_string(length));
      const auto logits = append_whole(model, session_options(length, Kv::f32), ids);
      const auto& expected = golden.tensors.matrix("logits.T" + std::to_string(length));
      CHECK(outside_tolerance(logits, expected.values, golden.f32, expected.cols) == "");
    }
  }
}

TEST_CASE("weights as stored and every cache type stay within their bounds") {
  double worst[3] = {0, 0, 0};
  for (const GoldenCase& golden : folder_cases()) {
    CAPTURE(golden.name);
    const Model model = Model::open(golden.model);
    for (const Kv kv : {Kv::bf16, Kv::f32, Kv::int8}) {
      for (const int64_t length : golden.tensors.lengths("logits")) {
        CAPTURE(static_cast<int>(kv));
        CAPTURE(length);
        const auto& ids = golden.tensors.tokens("input_ids.T" + std::to_string(length));
        const auto logits = append_whole(model, session_options(length, kv), ids);
        const auto& expected = golden.tensors.matrix("logits.T" + std::to_string(length));
        CHECK(above_nmse(logits, expected.values, golden.nmse_bf16) == "");
        double& seen = worst[static_cast<int>(kv)];
        seen = std::max(seen, nmse(logits, expected.values));
      }
    }
  }
  MESSAGE("largest nmse, cache bf16: " << worst[0] << ", f32: " << worst[1]
                                       << ", int8: " << worst[2]);
}

TEST_CASE("generation gives the reference logits when it is led along the prompt") {
  double worst = 0;
  for (const GoldenCase& golden : folder_cases()) {
    CAPTURE(golden.name);
    for (const bool in_f32 : {true, false}) {
      const Model model = in_f32 ? open_in_f32(golden) : Model::open(golden.model);
      const auto& ids = longest_prompt(golden);
      const int64_t length = static_cast<int64_t>(ids.size());
      const auto logits = next_forced(model, session_options(length, Kv::f32), ids, 1);
      std::vector<float> from_first(golden.vocab_size);  // row 0 is not generated and not compared
      from_first.insert(from_first.end(), logits.begin(), logits.end());
      Comparison rows;
      for (int64_t row = 1; row < length; ++row) {
        const auto expected = golden.logits(length, row, row + 1);
        const auto begin = from_first.begin() + row * golden.vocab_size;
        rows.expected.insert(rows.expected.end(), expected.begin(), expected.end());
        rows.computed.insert(rows.computed.end(), begin,
                             begin + static_cast<int64_t>(expected.size()));
      }
      REQUIRE(!rows.expected.empty());
      if (in_f32) {
        CHECK(outside_tolerance(rows.computed, rows.expected, golden.f32, golden.vocab_size) == "");
      } else {
        CHECK(above_nmse(rows.computed, rows.expected, golden.nmse_bf16) == "");
        worst = std::max(worst, nmse(rows.computed, rows.expected));
      }
    }
  }
  MESSAGE("largest nmse of weights as stored: " << worst);
}

TEST_CASE("the greedy continuation is the reference's, token for token") {
  for (const GoldenCase& golden : folder_cases()) {
    CAPTURE(golden.name);
    const Model model = open_in_f32(golden);
    for (const int64_t length : golden.tensors.lengths("greedy_ids")) {
      CAPTURE(length);
      const std::string suffix = ".T" + std::to_string(length);
      const auto tokens = greedy(model, session_options(length, Kv::f32),
                                 golden.tensors.tokens("input_ids" + suffix));
      CHECK(differs(tokens, golden.tensors.tokens("greedy_ids" + suffix)) == "");
    }
  }
}

TEST_CASE("a continuation across longrope's boundary recomputes the past") {
  int tested = 0;
  for (const GoldenCase& golden : folder_cases()) {
    for (const int64_t length : golden.tensors.lengths("greedy_logits")) {
      CAPTURE(golden.name);
      const std::string suffix = ".T" + std::to_string(length);
      auto ids = golden.tensors.tokens("input_ids" + suffix);
      const auto& continuation = golden.tensors.tokens("greedy_ids" + suffix);
      const auto& expected =
          golden.tensors.matrix("greedy_logits" + suffix);  // row i chooses continuation[i]
      ids.insert(ids.end(), continuation.begin(), continuation.end() - 1);
      const Model model = open_in_f32(golden);
      const auto logits = next_forced(model, session_options(length, Kv::f32), ids, length);
      const std::span<const float> after_first(expected.row(1), logits.size());
      CHECK(outside_tolerance(logits, after_first, golden.f32, expected.cols) == "");
      ++tested;
    }
  }
  CHECK(tested >= 2);
}

TEST_CASE("rewinding below longrope's boundary and back gives the same bits again") {
  for (const GoldenCase& golden : folder_cases()) {
    if (golden.original_context == 0) continue;
    CAPTURE(golden.name);
    const Model model = Model::open(golden.model);
    const auto& ids = longest_prompt(golden);
    const auto options = session_options(static_cast<int64_t>(ids.size()), Kv::f32);
    const auto whole = append_whole(model, options, ids);
    const size_t vocab = golden.vocab_size, kept = static_cast<size_t>(golden.original_context) - 4;
    const auto short_form = append_whole(model, options, std::span(ids).first(kept + 2));

    phi::Session session(model, options);
    session.append(ids);
    session.rewind(static_cast<uint32_t>(kept));
    std::vector<float> again(2 * vocab);
    session.append_logits(std::span(ids).subspan(kept, 2), again);
    CHECK(differs_in_bits(again, std::span(short_form).subspan(kept * vocab), golden.vocab_size) ==
          "");
    session.append(std::span(ids).subspan(kept + 2));
    CHECK(differs_in_bits(session.logits(), std::span(whole).last(vocab), golden.vocab_size) == "");
  }
}

TEST_CASE("a session rewound to any place continues as a fresh one") {
  for (const GoldenCase& golden : folder_cases()) {
    CAPTURE(golden.name);
    const Model model = Model::open(golden.model);
    const auto& ids = longest_prompt(golden);
    const auto options = session_options(static_cast<int64_t>(ids.size()), Kv::bf16);
    phi::Session session(model, options);
    session.append(ids);
    std::vector<float> whole(session.logits().begin(), session.logits().end());
    for (const uint32_t position :
         {uint32_t{0}, uint32_t{1}, static_cast<uint32_t>(ids.size() / 2)}) {
      CAPTURE(position);
      session.rewind(position);
      CHECK(session.position() == position);
      session.append(std::span(ids).subspan(position));
      CHECK(differs_in_bits(session.logits(), whole, golden.vocab_size) == "");
    }
  }
}

TEST_CASE("the other spelling of config.json gives the same bits") {
  TempDir temporary;
  int tested = 0;
  for (const GoldenCase& golden : folder_cases()) {
    const std::string other = golden.model + "/alt/config.json";
    if (!std::filesystem::exists(other)) continue;
    CAPTURE(golden.name);
    const std::string copy = temporary / golden.name;
    copy_model_folder(golden.model, copy);
    write_file(copy + "/config.json", read_file(other));
    const auto& ids = longest_prompt(golden);
    const auto options = session_options(static_cast<int64_t>(ids.size()), Kv::f32);
    const auto ours = append_whole(Model::open(copy), options, ids);
    CHECK(differs_in_bits(ours, append_whole(Model::open(golden.model), options, ids),
                          golden.vocab_size) == "");
    ++tested;
  }
  CHECK(tested >= 10);
}

TEST_SUITE_END();
