/// The ways in which golden tests drive a model through the public API.
#ifndef PHI_GOLDEN_GOLDEN_RUN_H_
#define PHI_GOLDEN_GOLDEN_RUN_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden/golden_case.h"
#include "phi/model.h"
#include "phi/session.h"

namespace phi::test {

inline constexpr int64_t kGreedySteps = 32;

/// A session long enough for `tokens` and a greedy continuation. One thread unless the test is
/// about threads: the result is the same, and these models are too small for more.
SessionOptions session_options(int64_t tokens, Kv kv, int32_t threads = 1);

/// Logits [ids, vocab] of a prompt appended in calls of the given sizes, repeated until it is used
/// up.
std::vector<float> append_in_calls(const Model& model, const SessionOptions& options,
                                   std::span<const Token> ids, std::span<const int64_t> call_sizes);

/// The same in one call.
std::vector<float> append_whole(const Model& model, const SessionOptions& options,
                                std::span<const Token> ids);

/// For every row the position at which the call ended that evaluates it.
std::vector<int64_t> call_ends(int64_t tokens, std::span<const int64_t> call_sizes);

/// What the case says about a prompt appended in such calls, beside what was computed; rows without
/// reference are left out of both.
struct Comparison {
  std::vector<float> computed, expected;
};
Comparison compare_rows(const GoldenCase& golden, int64_t length, std::span<const float> computed,
                        std::span<const int64_t> ends);

/// Logits [ids - prompt, vocab] after each of ids[prompt..], which next() is made to choose: the
/// arithmetic of generation, teacher-forced. The first `prompt` (at least 1) ids are appended.
std::vector<float> next_forced(const Model& model, const SessionOptions& options,
                               std::span<const Token> ids, int64_t prompt);

/// What next() chooses at temperature 0.
std::vector<Token> greedy(const Model& model, const SessionOptions& options,
                          std::span<const Token> prompt);

Token argmax(std::span<const float> logits);

}  // namespace phi::test

#endif  // PHI_GOLDEN_GOLDEN_RUN_H_
