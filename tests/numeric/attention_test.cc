// Attention of both arithmetics against a naive evaluation in double precision, and the promise
// that a row's bits depend on nothing but its position.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "numeric/attention_case.h"
#include "support/attention_rounding.h"
#include "support/each_isa.h"

namespace phi {
namespace {

using ops::AttentionShape;
using test::AttentionCase;
using test::AttentionRounding;

constexpr int64_t kWhole[] = {100000};

void check_row(const AttentionCase& problem, int64_t position, const float* out,
               const kernels::AttentionProducts& products) {
  const AttentionCase::Reference expected = problem.reference(position, products);
  for (size_t i = 0; i < expected.out.size(); ++i) {
    const double difference = std::abs(out[i] - expected.out[i]);
    if (!(difference <= expected.tolerance[i])) {
      FAIL_CHECK("position " << position << ", element " << i << ": " << out[i] << ", expected "
                             << expected.out[i] << " within " << expected.tolerance[i]);
      return;
    }
  }
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

struct Problem {
  AttentionShape shape;
  int64_t positions;
};

// heads, kv heads, head_dim, window; positions on both sides of blocks (64), tiles and ranges (512)
const Problem kProblems[] = {
    {{4, 2, 16, 0}, 130},  {{4, 4, 32, 0}, 65},   {{1, 1, 128, 0}, 64},  {{8, 1, 80, 0}, 63},
    {{6, 2, 96, 0}, 200},  {{5, 1, 20, 0}, 129},  {{3, 3, 7, 0}, 97},    {{2, 1, 64, 1}, 70},
    {{4, 2, 16, 32}, 300}, {{4, 2, 16, 64}, 200}, {{4, 1, 48, 65}, 300}, {{2, 2, 24, 1000}, 90},
    {{10, 2, 128, 0}, 70}, {{2, 1, 16, 0}, 513},  {{2, 1, 16, 0}, 1100}, {{2, 1, 16, 700}, 1300},
    {{130, 1, 8, 0}, 20},
};

constexpr Kv kTypes[] = {Kv::bf16, Kv::f32, Kv::int8};

TEST_CASE("attention agrees with double precision") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    INFO("isa " << std::string(isa_name(kernels.isa)));
    for (const Problem& problem : kProblems) {
      for (const Kv kv : kTypes) {
        AttentionCase attention(problem.shape, kv, problem.positions);
        INFO(attention.description());
        const kernels::AttentionKernels& its = attention.kernels_of(kernels);
        const std::vector<float> prompt = attention.prompt({kernels}, kWhole);
        for (int64_t position = 0;
             position<problem.positions; position += problem.positions> 400 ? 37 : 5) {
          check_row(attention, position, prompt.data() + position * attention.out_width(),
                    its.prompt);
        }
        check_row(attention, problem.positions - 1,
                  prompt.data() + (problem.positions - 1) * attention.out_width(), its.prompt);
        check_row(attention, problem.positions - 1, attention.next({kernels}).data(), its.next);
      }
    }
  }
}

template <class Numbers>
double nmse(const Numbers& actual, const std::vector<double>& expected) {
  double error = 0, square = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error += std::pow(actual[i] - expected[i], 2);
    square += std::pow(expected[i], 2);
  }
  return error / square;
}

/// Of a prompt's results [positions, width].
std::span<const float> row_of(const AttentionCase& attention, const std::vector<float>& prompt,
                              int64_t position) {
  const auto width = static_cast<size_t>(attention.out_width());
  return {prompt.data() + static_cast<size_t>(position) * width, width};
}

/// The largest NMSE that rounding queries and weights may cost.
double nmse_limit(const kernels::AttentionProducts& products) {
  if (products.unpack != nullptr) return 3e-5;  // keys and values are rounded to bf16 too
  switch (AttentionRounding(products).form) {
    case AttentionRounding::Form::f32:
      return 1e-10;
    case AttentionRounding::Form::bf16:
      return 2e-5;
    case AttentionRounding::Form::two_bf16:
      return 2e-6;
    case AttentionRounding::Form::int8:
      return 6e-5;
  }
  return 0;
}

TEST_CASE("rounding queries and weights costs little") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    for (const Kv kv : {Kv::bf16, Kv::int8}) {
      AttentionCase attention({8, 2, 128, 0}, kv, 700);
      INFO("isa " << std::string(isa_name(kernels.isa)) << ", " << attention.description());
      const kernels::AttentionKernels& its = attention.kernels_of(kernels);
      const std::vector<float> prompt = attention.prompt({kernels}, kWhole);
      CHECK(nmse(attention.next({kernels}), attention.reference(699, its.next).out) <
            nmse_limit(its.next));
      for (const int64_t position : {3, 100, 350, 699}) {
        CHECK(nmse(row_of(attention, prompt, position),
                   attention.reference(position, its.prompt).out) < nmse_limit(its.prompt));
      }
    }
  }
}

TEST_CASE("a cache of int8 is as exact as one of Q8_0 blocks in exact arithmetic") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    INFO("isa " << std::string(isa_name(kernels.isa)));
    double next = 0, prompt = 0, q8_0 = 0;
    for (const int64_t positions : {300, 400, 500, 600, 700, 800}) {  // each with its own numbers
      AttentionCase attention({8, 2, 128, 0}, Kv::int8, positions);
      const int64_t last = positions - 1;
      const std::vector<double> exact = attention.unrounded(last);
      const std::vector<float> rows = attention.prompt({kernels}, kWhole);
      prompt += nmse(row_of(attention, rows, last), exact);
      next += nmse(attention.next({kernels}), exact);
      q8_0 += nmse(attention.rounded_to_q8_0(last), exact);
    }
    CHECK(next < q8_0);
    CHECK(prompt < q8_0);
    MESSAGE("NMSE: next " << next / 6 << ", prompt " << prompt / 6 << ", Q8_0 " << q8_0 / 6);
  }
}

TEST_CASE("a prompt row has the same bits for every split, thread count and backend") {
  const std::vector<std::vector<int64_t>> splits = {{1}, {7}, {64}, {63, 1, 2}, {33, 100, 5}};
  for (const kernels::Kernels& kernels : test::each_isa()) {
    INFO("isa " << std::string(isa_name(kernels.isa)));
    for (const Problem& problem :
         {Problem{{4, 2, 16, 0}, 200}, Problem{{4, 1, 80, 40}, 200}, Problem{{2, 2, 7, 64}, 150}}) {
      for (const Kv kv : kTypes) {
        AttentionCase attention(problem.shape, kv, problem.positions);
        INFO(attention.description());
        const std::vector<float> whole = attention.prompt({kernels}, kWhole);
        for (const std::vector<int64_t>& split : splits)
          CHECK(same_bits(attention.prompt({kernels}, split), whole));
        CHECK(same_bits(attention.prompt({kernels, 3}, kWhole), whole));
        CHECK(same_bits(attention.prompt({kernels, 2, Backend::openmp}, splits[4]), whole));
      }
    }
  }
}

TEST_CASE("a generated row has the same bits for every thread count and backend") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    INFO("isa " << std::string(isa_name(kernels.isa)));
    for (const Problem& problem : {Problem{{4, 2, 16, 0}, 1100}, Problem{{6, 2, 80, 600}, 1300}}) {
      for (const Kv kv : kTypes) {
        AttentionCase attention(problem.shape, kv, problem.positions);
        INFO(attention.description());
        attention.prompt({kernels}, kWhole);
        const std::vector<float> single = attention.next({kernels});
        CHECK(same_bits(attention.next({kernels, 3}), single));
        CHECK(same_bits(attention.next({kernels, 2, Backend::openmp}), single));
      }
    }
  }
}

TEST_CASE("attention's scratch does not grow with the square of the context") {
  const AttentionShape phi4{40, 10, 128, 0};
  const uint64_t at_4096 = ops::AttentionScratch::size_bytes(phi4, 4096, 2);
  const uint64_t at_16384 = ops::AttentionScratch::size_bytes(phi4, 16384, 2);
  CHECK(at_16384 - at_4096 ==
        24 * 10 * (4 * 128 + 2 * 32) * sizeof(float));  // 24 more ranges for each KV head
  CHECK(at_16384 < (2 << 20));
}

}  // namespace
}  // namespace phi
