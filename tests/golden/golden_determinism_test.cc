// The same sequence of tokens gives the same bits, however it is split into calls and whatever the
// number of threads.
#include <doctest/doctest.h>

#include <set>

#include "golden/golden_case.h"
#include "golden/golden_run.h"

namespace {

using namespace phi::test;
using phi::Kv;
using phi::Model;
using phi::Token;

/// Every kind of arithmetic once: the folders, and the GGUF files of the project.
std::vector<const GoldenCase*> all_cases() {
  std::vector<const GoldenCase*> cases;
  for (const GoldenCase& golden : folder_cases()) cases.push_back(&golden);
  for (const GoldenCase& golden : gguf_cases()) cases.push_back(&golden);
  return cases;
}

const std::vector<Token>& longest_prompt(const GoldenCase& golden) {
  return golden.tensors.tokens("input_ids.T" +
                               std::to_string(golden.tensors.lengths("input_ids").back()));
}

/// Rows of a split prompt as single calls give them: with longrope, a row evaluated before the
/// boundary was crossed is that of the prompt that ends at the boundary.
std::vector<float> expected_rows(const GoldenCase& golden, std::span<const float> whole,
                                 std::span<const float> within, std::span<const int64_t> ends) {
  std::vector<float> rows;
  for (size_t row = 0; row < ends.size(); ++row) {
    const bool early =
        golden.crosses(static_cast<int64_t>(ends.size())) && !golden.crosses(ends[row]);
    const auto source =
        (early ? within : whole).subspan(row * golden.vocab_size, golden.vocab_size);
    rows.insert(rows.end(), source.begin(), source.end());
  }
  return rows;
}

}  // namespace

TEST_SUITE_BEGIN("determinism");

TEST_CASE("any split of a prompt gives the bits of the whole") {
  const std::vector<std::vector<int64_t>> splits = {{1},    {7}, {64}, {13}, {1, 31, 2, 5, 17},
                                                    {33, 1}};
  for (const GoldenCase* golden : all_cases()) {
    CAPTURE(golden->name);
    const Model model = Model::open(golden->model);
    const auto& ids = longest_prompt(*golden);
    const int64_t length = static_cast<int64_t>(ids.size());
    for (const Kv kv : {Kv::f32, Kv::bf16, Kv::int8}) {
      CAPTURE(static_cast<int>(kv));
      const auto options = session_options(length, kv);
      const auto whole = append_whole(model, options, ids);
      std::vector<float> within;
      if (golden->crosses(length)) {
        within = append_whole(model, options,
                              std::span(ids).first(static_cast<size_t>(golden->original_context)));
      }
      for (const auto& split : splits) {
        CAPTURE(split[0]);
        CAPTURE(split.size());
        const auto rows = append_in_calls(model, options, ids, split);
        const auto expected = expected_rows(*golden, whole, within, call_ends(length, split));
        CHECK(differs_in_bits(rows, expected, golden->vocab_size) == "");
      }
    }
  }
}

TEST_CASE("a row does not depend on the rows after it") {
  for (const GoldenCase* golden : all_cases()) {
    CAPTURE(golden->name);
    const Model model = Model::open(golden->model);
    const auto& ids = longest_prompt(*golden);
    const int64_t limit =
        golden->original_context > 0 ? golden->original_context : static_cast<int64_t>(ids.size());
    const auto prompt = std::span(ids).first(static_cast<size_t>(limit));
    const auto options = session_options(limit, Kv::bf16);
    const auto whole = append_whole(model, options, prompt);
    for (const int64_t length : {int64_t{1}, int64_t{2}, int64_t{5}, limit / 2, limit - 1}) {
      CAPTURE(length);
      const auto part = append_whole(model, options, prompt.first(static_cast<size_t>(length)));
      CHECK(differs_in_bits(part, std::span(whole).first(part.size()), golden->vocab_size) == "");
    }
  }
}

TEST_CASE("any number of threads gives the same bits, in the prompt and in generation") {
  std::set<std::string> tested;  // one case of every type of weights
  for (const GoldenCase* golden : all_cases()) {
    if (!tested.insert(golden->stored).second) continue;
    CAPTURE(golden->name);
    const Model model = Model::open(golden->model);
    const auto& ids = longest_prompt(*golden);
    const int64_t length = static_cast<int64_t>(ids.size()), generated = 4;
    const auto one = session_options(length, Kv::bf16, 1);
    const auto appended = append_whole(model, one, ids);
    const auto continued = next_forced(model, one, ids, length - generated);
    for (const int32_t threads : {2, 3}) {
      CAPTURE(threads);
      const auto more = session_options(length, Kv::bf16, threads);
      CHECK(differs_in_bits(append_whole(model, more, ids), appended, golden->vocab_size) == "");
      CHECK(differs_in_bits(next_forced(model, more, ids, length - generated), continued,
                            golden->vocab_size) == "");
    }
  }
  CHECK(tested.size() >= 10);
}

TEST_CASE("a seed gives the same draws whatever the number of threads") {
  const GoldenCase& golden = folder_cases().front();
  const Model model = Model::open(golden.model);
  const auto& ids = longest_prompt(golden);
  auto options = session_options(static_cast<int64_t>(ids.size()), Kv::bf16, 1);
  options.sampling.temperature = 1.0F;
  options.sampling.top_p = 0.9F;
  options.sampling.seed = 4711;
  const auto drawn = greedy(model, options, ids);
  options.threads = 3;
  CHECK(differs(greedy(model, options, ids), drawn) == "");
  options.sampling.seed = 4712;
  CHECK(differs(greedy(model, options, ids), drawn) != "");
}

TEST_SUITE_END();
