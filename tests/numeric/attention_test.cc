// Attention of both arithmetics against a naive evaluation in double precision, and the promise
// that a row's bits depend on nothing but its position.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "numeric/attention_case.h"
#include "support/each_isa.h"

namespace phi {
namespace {

using ops::AttentionShape;
using test::AttentionCase;

constexpr int64_t kWhole[] = {100000};

void check_row(const AttentionCase& problem, int64_t position, const float* out,
               const kernels::Kernels& kernels) {
  const AttentionCase::Reference expected = problem.reference(position, kernels);
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
        const std::vector<float> prompt = attention.prompt({kernels}, kWhole);
        for (int64_t position = 0;
             position<problem.positions; position += problem.positions> 400 ? 37 : 5) {
          check_row(attention, position, prompt.data() + position * attention.out_width(), kernels);
        }
        check_row(attention, problem.positions - 1,
                  prompt.data() + (problem.positions - 1) * attention.out_width(), kernels);
        check_row(attention, problem.positions - 1, attention.next({kernels}).data(), kernels);
      }
    }
  }
}

TEST_CASE("rounding queries and weights to bf16 costs less than an NMSE of 2e-5") {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    AttentionCase attention({8, 2, 128, 0}, Kv::bf16, 700);
    if (!attention.rounds_to_bf16(kernels)) continue;
    const std::vector<float> prompt = attention.prompt({kernels}, kWhole);
    const std::vector<float> next = attention.next({kernels});
    const auto nmse = [&](int64_t position, const float* out) {
      double error = 0, square = 0;
      const AttentionCase::Reference expected = attention.reference(position, kernels);
      for (size_t i = 0; i < expected.out.size(); ++i) {
        error += std::pow(out[i] - expected.out[i], 2);
        square += std::pow(expected.out[i], 2);
      }
      return error / square;
    };
    CHECK(nmse(699, next.data()) < 2e-5);
    for (const int64_t position : {3, 100, 350, 699})
      CHECK(nmse(position, prompt.data() + position * attention.out_width()) < 2e-5);
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
        CHECK(same_bits(attention.prompt({kernels, 2, Backend::pool}, splits[4]), whole));
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
        CHECK(same_bits(attention.next({kernels, 2, Backend::pool}), single));
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
