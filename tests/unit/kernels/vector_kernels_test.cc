// Every vector kernel of every instruction set against its definition in double precision.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/each_isa.h"
#include "support/random_floats.h"

namespace phi {
namespace {

using kernels::kKeyBlock;
using kernels::padded;
using kernels::VectorKernels;
using test::RandomFloats;

constexpr double kEps = 0x1p-24;  // half a unit in the last place of 1
constexpr float kInfinity = std::numeric_limits<float>::infinity();
const int64_t kLengths[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 80, 96, 100, 128, 333, 5120};

/// Runs body(kernels) once per instruction set, named in what fails.
template <class Body>
void for_each_isa(const Body& body) {
  for (const kernels::Kernels& kernels : test::each_isa()) {
    INFO("isa " << std::string(isa_name(kernels.isa)));
    body(*kernels.vector);
  }
}

void check_close(double actual, double expected, double tolerance) {
  if (!(std::abs(actual - expected) <= tolerance)) {
    FAIL_CHECK("got " << actual << ", expected " << expected << " within " << tolerance);
  }
}

float from_bf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

TEST_CASE("rms_norm") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const int64_t n : kLengths) {
      RandomFloats random(static_cast<uint64_t>(n));
      const std::vector<float> x = random.vector(n), weight = random.vector(n);
      std::vector<float> y(x.size());
      kernels.rms_norm(x.data(), weight.data(), n, 1e-5F, y.data());
      double squares = 0;
      for (const float v : x) squares += double{v} * v;
      const double factor = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
      // At least 16 partial sums of squares, halved by the root, and a few roundings after it.
      const double relative = (static_cast<double>(n) / 32 + 12) * kEps;
      for (size_t i = 0; i < x.size(); ++i) {
        const double expected = x[i] * factor * weight[i];
        check_close(y[i], expected, std::abs(expected) * relative);
      }
    }
  });
}

TEST_CASE("swiglu, in place too") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const int64_t n : kLengths) {
      RandomFloats random(static_cast<uint64_t>(n) + 1);
      std::vector<float> gate = random.vector(n, 10), up = random.vector(n);
      gate[0] = -200;  // exp overflows here
      const std::vector<float> original = gate;
      kernels.swiglu(gate.data(), up.data(), n, gate.data());
      for (size_t i = 0; i < gate.size(); ++i) {
        const double expected = original[i] / (1 + std::exp(-double{original[i]})) * up[i];
        check_close(gate[i], expected, std::abs(expected) * 6e-7 + 1e-35);
      }
    }
  });
}

TEST_CASE("rope rotates pairs and leaves the rest alone") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const int64_t half : {1, 3, 4, 8, 12, 16, 20, 48, 64}) {
      RandomFloats random(static_cast<uint64_t>(half));
      const std::vector<float> head = random.vector(2 * half + 5), cosine = random.vector(half),
                               sine = random.vector(half);
      const auto check = [&](const std::vector<float>& rotated, int64_t i, int64_t first,
                             int64_t second) {
        const auto at = [](int64_t index) { return static_cast<size_t>(index); };
        const double a = head[at(first)], b = head[at(second)], c = cosine[at(i)], s = sine[at(i)];
        const double tolerance =
            (std::abs(a) + std::abs(b)) * (std::abs(c) + std::abs(s)) * 2 * kEps;
        check_close(rotated[at(first)], a * c - b * s, tolerance);
        check_close(rotated[at(second)], b * c + a * s, tolerance);
      };
      std::vector<float> halves = head, neighbours = head;
      kernels.rope_halves(halves.data(), cosine.data(), sine.data(), half);
      kernels.rope_neighbours(neighbours.data(), cosine.data(), sine.data(), half);
      for (int64_t i = 0; i < half; ++i) {
        check(halves, i, i, i + half);
        check(neighbours, i, 2 * i, 2 * i + 1);
      }
      for (size_t i = static_cast<size_t>(2 * half); i < head.size(); ++i) {
        CHECK(halves[i] == head[i]);
        CHECK(neighbours[i] == head[i]);
      }
    }
  });
}

TEST_CASE("bf16 rows round to nearest even, and NaN stays NaN") {
  // Bits before and after, worked out by hand: halfway cases go to the even neighbour.
  const uint32_t before[] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001, 0x3f817fff,
                             0x7f7fffff, 0x7f800000, 0xff800000, 0x80000000, 0x00000001,
                             0x00008001, 0xbf80ffff, 0x3f7f8000};
  const uint16_t after[] = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0x3f81, 0x7f80, 0x7f80,
                            0xff80, 0x8000, 0x0000, 0x0001, 0xbf81, 0x3f80};
  constexpr size_t kCount = std::size(before);
  static_assert(kCount == std::size(after));
  for_each_isa([&](const VectorKernels& kernels) {
    for (size_t shift = 0; shift < 20;
         ++shift) {  // every value in a full register and in a remainder
      std::vector<float> row(kCount + shift, std::numeric_limits<float>::quiet_NaN());
      for (size_t i = 0; i < kCount; ++i) row[i + shift] = std::bit_cast<float>(before[i]);
      std::vector<uint16_t> stored(row.size());
      kernels.store_row[static_cast<int>(Kv::bf16)](row.data(), static_cast<int64_t>(row.size()),
                                                    stored.data(), nullptr);
      for (size_t i = 0; i < shift; ++i) CHECK(std::isnan(from_bf16(stored[i])));
      for (size_t i = 0; i < kCount; ++i) CHECK(stored[i + shift] == after[i]);
    }
  });
}

TEST_CASE("int8 rows keep every value within half a step") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const int64_t n : kLengths) {
      const std::vector<float> row = RandomFloats(static_cast<uint64_t>(n)).vector(n, 3);
      float largest = 0;
      for (const float v : row) largest = std::max(largest, std::abs(v));
      std::vector<int8_t> stored(row.size());
      float scale = 0;
      kernels.store_row[static_cast<int>(Kv::int8)](row.data(), n, stored.data(), &scale);
      check_close(scale, largest / 127.0, scale * 2 * kEps);
      for (size_t i = 0; i < row.size(); ++i)
        check_close(stored[i] * double{scale}, row[i], scale * (0.5 + 1e-4));
    }
    const float zeros[5] = {};
    int8_t stored[5] = {1, 1, 1, 1, 1};
    float scale = 1;
    kernels.store_row[static_cast<int>(Kv::int8)](zeros, 5, stored, &scale);
    CHECK(scale == 0);
    for (const int8_t v : stored) CHECK(v == 0);
  });
}

/// Cached rows of each type and the values that they stand for.
struct CachedRows {
  CachedRows(const VectorKernels& kernels, Kv kv, int64_t rows, int64_t dim, uint64_t seed)
      : type(static_cast<int>(kv)), scales(static_cast<size_t>(rows)) {
    const int64_t element_bytes = kv == Kv::f32 ? 4 : kv == Kv::bf16 ? 2 : 1;
    data.resize(static_cast<size_t>(rows * dim * element_bytes));
    const std::vector<float> source = RandomFloats(seed).vector(rows * dim);
    for (int64_t r = 0; r < rows; ++r) {
      kernels.store_row[type](source.data() + r * dim, dim, data.data() + r * dim * element_bytes,
                              &scales[static_cast<size_t>(r)]);
    }
    for (size_t i = 0; i < source.size(); ++i) values.push_back(value(kv, i, dim));
  }

  double value(Kv kv, size_t i, int64_t dim) const {
    if (kv == Kv::int8)
      return static_cast<int8_t>(data[i]) * double{scales[i / static_cast<size_t>(dim)]};
    if (kv == Kv::f32) {
      float v = 0;
      std::memcpy(&v, data.data() + i * 4, 4);
      return v;
    }
    uint16_t bits = 0;
    std::memcpy(&bits, data.data() + i * 2, 2);
    return from_bf16(bits);
  }

  int type;
  std::vector<std::byte> data;
  std::vector<float> scales;
  std::vector<double> values;
};

constexpr Kv kTypes[] = {Kv::bf16, Kv::f32, Kv::int8};

TEST_CASE("cached rows unpack, turned over and as they are") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
      for (const int64_t dim : {1, 5, 16, 20, 80, 96, 128}) {
        for (const int64_t keys : {1, 3, 16, 33, 64}) {
          const CachedRows rows(kernels, kv, keys, dim, 7);
          std::vector<float> turned(static_cast<size_t>(dim * kKeyBlock), 99),
              dense(static_cast<size_t>(keys * padded(dim)), 99);
          kernels.load_keys[rows.type](rows.data.data(), rows.scales.data(), keys, dim,
                                       turned.data());
          kernels.load_values[rows.type](rows.data.data(), rows.scales.data(), keys, dim,
                                         dense.data());
          for (int64_t d = 0; d < padded(dim); ++d) {
            for (int64_t p = 0; p < kKeyBlock; ++p) {
              const double expected =
                  p < keys && d < dim ? rows.values[static_cast<size_t>(p * dim + d)] : 0;
              if (d < dim)
                check_close(turned[static_cast<size_t>(d * kKeyBlock + p)], expected,
                            std::abs(expected) * kEps);
              if (p < keys)
                check_close(dense[static_cast<size_t>(p * padded(dim) + d)], expected,
                            std::abs(expected) * kEps);
            }
          }
        }
      }
    }
  });
}

TEST_CASE("scores of both arithmetics are dot products") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
      for (const int64_t dim : {1, 16, 20, 80, 96, 128}) {
        for (const int64_t rows : {1, 2, 3, 4, 5, 7, 8, 13}) {
          const int64_t keys = 1 + (dim * rows) % kKeyBlock;
          const CachedRows cached(kernels, kv, keys, dim, 11);
          const std::vector<float> q = RandomFloats(12).vector(rows * dim);
          std::vector<float> turned(static_cast<size_t>(dim * kKeyBlock));
          std::vector<float> prompt(static_cast<size_t>(rows * kKeyBlock)), next(prompt);
          kernels.load_keys[cached.type](cached.data.data(), cached.scales.data(), keys, dim,
                                         turned.data());
          kernels.attention_scores(q.data(), rows, turned.data(), dim, prompt.data());
          kernels.key_scores[cached.type](q.data(), rows, cached.data.data(), cached.scales.data(),
                                          keys, dim, 0.25F, next.data());
          for (int64_t r = 0; r < rows; ++r) {
            for (int64_t p = 0; p < keys; ++p) {
              double dot = 0, magnitude = 0;
              for (int64_t d = 0; d < dim; ++d) {
                const double product = double{q[static_cast<size_t>(r * dim + d)]} *
                                       cached.values[static_cast<size_t>(p * dim + d)];
                dot += product;
                magnitude += std::abs(product);
              }
              const double tolerance = magnitude * static_cast<double>(dim + 4) * kEps;
              check_close(prompt[static_cast<size_t>(r * kKeyBlock + p)], dot, tolerance);
              check_close(next[static_cast<size_t>(r * kKeyBlock + p)], dot * 0.25,
                          tolerance * 0.25);
            }
          }
        }
      }
    }
  });
}

TEST_CASE("weighted sums of values, on top of what was there") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
      for (const int64_t dim : {1, 16, 20, 80, 96, 128}) {
        for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 13}) {
          const int64_t keys = 1 + (dim * rows) % kKeyBlock;
          const CachedRows cached(kernels, kv, keys, dim, 21);
          RandomFloats random(22);
          const std::vector<float> weights = random.vector(rows * kKeyBlock),
                                   shrink = random.vector(rows);
          const std::vector<float> before = random.vector(rows * padded(dim));
          std::vector<float> dense(static_cast<size_t>(keys * padded(dim))), prompt = before,
                                                                             next = before;
          kernels.load_values[cached.type](cached.data.data(), cached.scales.data(), keys, dim,
                                           dense.data());
          kernels.attention_accumulate(weights.data(), shrink.data(), rows, dense.data(), keys, dim,
                                       prompt.data());
          kernels.add_values[cached.type](weights.data(), shrink.data(), rows, cached.data.data(),
                                          cached.scales.data(), keys, dim, next.data());
          for (int64_t r = 0; r < rows; ++r) {
            for (int64_t d = 0; d < dim; ++d) {
              const auto i = static_cast<size_t>(r * padded(dim) + d);
              double sum = double{before[i]} * shrink[static_cast<size_t>(r)],
                     magnitude = std::abs(sum);
              for (int64_t p = 0; p < keys; ++p) {
                const double product = double{weights[static_cast<size_t>(r * kKeyBlock + p)]} *
                                       cached.values[static_cast<size_t>(p * dim + d)];
                sum += product;
                magnitude += std::abs(product);
              }
              const double tolerance = magnitude * static_cast<double>(keys + 4) * kEps;
              check_close(prompt[i], sum, tolerance);
              check_close(next[i], sum, tolerance);
            }
          }
        }
      }
    }
  });
}

TEST_CASE("softmax: our exp has a relative error below 2e-7") {
  for_each_isa([](const VectorKernels& kernels) {
    double worst = 0;
    for (int64_t block = 0; block < 20000; ++block) {
      float x[kKeyBlock], weights[kKeyBlock];
      x[0] = 0;
      for (int64_t i = 1; i < kKeyBlock; ++i)
        x[i] = -87.0F * static_cast<float>(block * kKeyBlock + i) / (20000.0F * kKeyBlock);
      std::memcpy(weights, x, sizeof x);
      float maximum = -kInfinity, sum = 0, shrink = 0;
      kernels.softmax_block(weights, 1, &maximum, &sum, &shrink);
      CHECK(weights[0] == 1.0F);
      for (int64_t i = 0; i < kKeyBlock; ++i) {
        const double expected = std::exp(double{x[i]});
        worst = std::max(worst, std::abs(weights[i] - expected) / expected);
      }
    }
    CHECK(worst < 2e-7);
    CHECK(worst > 0);
  });
}

TEST_CASE("softmax block by block equals softmax of the whole") {
  constexpr size_t kRows = 3, kBlocks = 4;
  for_each_isa([](const VectorKernels& kernels) {
    const std::vector<float> scores = RandomFloats(31).vector(kRows * kBlocks * kKeyBlock, 8);
    float maximum[kRows], sum[kRows], shrink[kRows];
    std::fill_n(maximum, kRows, -kInfinity);
    std::fill_n(sum, kRows, 0.0F);
    for (size_t block = 0; block < kBlocks; ++block) {  // scores lie [blocks, rows, keys]
      std::vector<float> part(
          scores.begin() + static_cast<int64_t>(block * kRows * kKeyBlock),
          scores.begin() + static_cast<int64_t>((block + 1) * kRows * kKeyBlock));
      part[5] = -kInfinity;
      const std::vector<float> before(maximum, maximum + kRows), masked = part;
      kernels.softmax_block(part.data(), kRows, maximum, sum, shrink);
      CHECK(part[5] == 0);
      for (size_t i = 0; i < part.size(); ++i) {
        check_close(part[i], std::exp(double{masked[i]} - maximum[i / kKeyBlock]), 2e-7);
      }
      for (size_t r = 0; r < kRows; ++r)
        check_close(shrink[r], std::exp(double{before[r]} - maximum[r]), 2e-7);
    }
    for (size_t r = 0; r < kRows; ++r) {
      double largest = -kInfinity, expected = 0;
      const auto each_score = [&](auto body) {
        for (size_t block = 0; block < kBlocks; ++block) {
          for (size_t p = 0; p < kKeyBlock; ++p) {
            if (r != 0 || p != 5) body(scores[(block * kRows + r) * kKeyBlock + p]);
          }
        }
      };
      each_score([&](float score) { largest = std::max(largest, double{score}); });
      each_score([&](float score) { expected += std::exp(score - largest); });
      CHECK(maximum[r] == static_cast<float>(largest));
      check_close(sum[r], expected, expected * 1e-6);
    }
  });
}

TEST_CASE("softmax: a block in which nothing is visible changes nothing") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const float before : {-kInfinity, 3.5F}) {
      std::vector<float> scores(kKeyBlock, -kInfinity);
      float maximum = before, sum = 0.75F, shrink = 0;
      kernels.softmax_block(scores.data(), 1, &maximum, &sum, &shrink);
      CHECK(shrink == 1.0F);
      CHECK(maximum == before);
      CHECK(sum == 0.75F);
      for (const float weight : scores) CHECK(weight == 0);
    }
  });
}

}  // namespace
}  // namespace phi
