// Every vector kernel of every instruction set against its definition in double precision.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "support/attention_rounding.h"
#include "support/each_isa.h"
#include "support/random_floats.h"

namespace phi {
namespace {

using kernels::kKeyBlock;
using kernels::kStrip;
using kernels::padded;
using kernels::VectorKernels;
using test::AttentionRounding;
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

/// A block of some cache type, filled through the kernels and read back by the layout that
/// vector_kernels.h promises.
class Block {
 public:
  static constexpr std::byte kFill{0x55};

  Block(const VectorKernels& all, Kv kv, int64_t dim)
      : kv_(kv),
        dim_(dim),
        kernels_(all.attention[static_cast<int>(kv)]),
        per_word_(kv == Kv::f32    ? 1
                  : kv == Kv::bf16 ? 2
                                   : 4),
        keys_(row_bytes(kernels::int8_key_bytes(dim)), kFill),
        values_(row_bytes(kernels::int8_value_bytes(dim)), kFill),
        unpacked_(static_cast<size_t>(8 * padded(dim) * kKeyBlock)) {}

  const kernels::AttentionKernels& kernels() const { return kernels_; }

  void store(int64_t place, const float* key, const float* value) {
    kernels_.store_key(key, dim_, place, keys_.data());
    kernels_.store_value(value, dim_, place, values_.data());
  }
  /// Stores `count` random rows.
  void fill(int64_t count, uint64_t seed) {
    RandomFloats random(seed);
    for (int64_t place = 0; place < count; ++place) {
      const std::vector<float> key = random.vector(dim_), value = random.vector(dim_);
      store(place, key.data(), value.data());
    }
  }

  /// As these products want it.
  kernels::CachedBlock view(int64_t count, const kernels::AttentionProducts& products) {
    const kernels::CachedBlock block{keys_.data(), values_.data(), count, dim_};
    return products.unpack == nullptr ? block : products.unpack(block, unpacked_.data());
  }

  /// An element is its code times its scale; bf16 and f32 have scales of 1.
  struct Element {
    double code, scale;
    double value() const { return code * scale; }
  };
  Element key(int64_t place, int64_t d) const {
    const int64_t groups = (dim_ + 31) / 32;
    const int64_t scale_words = kv_ == Kv::int8 ? (groups + 1) / 2 * kStrip : 0;
    const int64_t strip_words = scale_words + padded(dim_) / per_word_ * kStrip;
    const std::byte* strip = keys_.data() + place / kStrip * strip_words * 4;
    const int64_t word = scale_words + d / per_word_ * kStrip + place % kStrip;
    const int64_t scale_word = d / 64 * kStrip + place % kStrip;
    return element(strip + word * 4, d % per_word_, strip + scale_word * 4 + d / 32 % 2 * 2);
  }
  Element value(int64_t place, int64_t d) const {
    int64_t width = padded(dim_), first_word = 0, in_group = d;
    if (kv_ == Kv::int8) {
      first_word = (dim_ + 31) / 32 * (kKeyBlock / 2) + d / 32 * 8 * kKeyBlock;
      width = std::min<int64_t>(32, width - d / 32 * 32);
      in_group = d % 32;
    }
    const int64_t word = first_word + place / per_word_ * width + in_group;
    const int64_t scale_word = d / 32 * (kKeyBlock / 2) + place % 32;
    return element(values_.data() + word * 4, place % per_word_,
                   values_.data() + scale_word * 4 + place / 32 * 2);
  }

 private:
  size_t row_bytes(int64_t int8_bytes) const {
    return static_cast<size_t>(kv_ == Kv::int8 ? int8_bytes
                                               : kKeyBlock * padded(dim_) * 4 / per_word_);
  }

  Element element(const std::byte* word, int64_t in_word, const std::byte* scale) const {
    uint16_t half = 0;
    if (kv_ == Kv::int8) {
      std::memcpy(&half, scale, 2);
      return {double{static_cast<double>(static_cast<int8_t>(word[in_word]))}, from_bf16(half)};
    }
    if (kv_ == Kv::bf16) {
      std::memcpy(&half, word + 2 * in_word, 2);
      return {from_bf16(half), 1};
    }
    float v = 0;
    std::memcpy(&v, word, 4);
    return {v, 1};
  }

  Kv kv_;
  int64_t dim_;
  const kernels::AttentionKernels& kernels_;
  int64_t per_word_;
  std::vector<std::byte> keys_, values_, unpacked_;
};

/// Runs body(kernels, kv, products) for all that there are.
template <class Body>
void for_each_products(const Body& body) {
  for_each_isa([&](const VectorKernels& kernels) {
    for (const Kv kv : {Kv::bf16, Kv::f32, Kv::int8}) {
      INFO("cache type " << static_cast<int>(kv));
      const kernels::AttentionKernels& its = kernels.attention[static_cast<int>(kv)];
      for (const kernels::AttentionProducts* products : {&its.prompt, &its.next}) {
        INFO(std::string(products == &its.prompt ? "prompt" : "next"));
        body(kernels, kv, *products);
      }
    }
  });
}

constexpr Kv kTypes[] = {Kv::bf16, Kv::f32, Kv::int8};

TEST_CASE("bf16 rows round to nearest even, and NaN stays NaN") {
  // Bits before and after, worked out by hand: halfway cases go to the even neighbour.
  const uint32_t before[] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001, 0x3f817fff,
                             0x7f7fffff, 0x7f800000, 0xff800000, 0x80000000, 0x00000001,
                             0x00008001, 0xbf80ffff, 0x3f7f8000};
  const uint16_t after[] = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0x3f81, 0x7f80, 0x7f80,
                            0xff80, 0x8000, 0x0000, 0x0001, 0xbf81, 0x3f80};
  constexpr int64_t kCount = std::size(before);
  static_assert(kCount == std::size(after));
  for_each_isa([&](const VectorKernels& kernels) {
    for (int64_t shift = 0; shift < 20; ++shift) {  // in a full register and in a remainder
      const int64_t dim = kCount + shift;
      std::vector<float> row(static_cast<size_t>(dim), std::numeric_limits<float>::quiet_NaN());
      for (int64_t i = 0; i < kCount; ++i)
        row[static_cast<size_t>(i + shift)] = std::bit_cast<float>(before[i]);
      Block block(kernels, Kv::bf16, dim);
      block.store(5, row.data(), row.data());
      for (int64_t i = 0; i < shift; ++i) {
        CHECK(std::isnan(block.key(5, i).code));
        CHECK(std::isnan(block.value(5, i).code));
      }
      for (int64_t i = 0; i < kCount; ++i) {
        const auto expected = std::bit_cast<uint32_t>(from_bf16(after[i]));
        CHECK(std::bit_cast<uint32_t>(static_cast<float>(block.key(5, i + shift).code)) ==
              expected);
        CHECK(std::bit_cast<uint32_t>(static_cast<float>(block.value(5, i + shift).code)) ==
              expected);
      }
    }
  });
}

TEST_CASE("int8 rows keep every value within half a step of its group of 32") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const int64_t n : kLengths) {
      const std::vector<float> row = RandomFloats(static_cast<uint64_t>(n)).vector(n, 3);
      Block block(kernels, Kv::int8, n);
      block.store(9, row.data(), row.data());
      for (int64_t i = 0; i < n; ++i) {
        double largest = 0;
        for (int64_t j = i / 32 * 32; j < std::min(n, i / 32 * 32 + 32); ++j)
          largest = std::max(largest, std::abs(double{row[static_cast<size_t>(j)]}));
        for (const Block::Element& element : {block.key(9, i), block.value(9, i)}) {
          // Rounded up to bf16, a scale grows by its last bit at most.
          CHECK(element.scale >= largest / 127 * (1 - 2 * kEps));
          CHECK(element.scale <= largest / 127 * (1 + 0x1p-7));
          check_close(element.value(), row[static_cast<size_t>(i)], element.scale * (0.5 + 1e-4));
        }
      }
    }
  });
}

TEST_CASE("int8 rows of zeros, or too small to have a scale, are zeros") {
  const float rows[2][5] = {{}, {1e-40F, -1e-42F, 0, 1e-38F, 0}};
  for_each_isa([&](const VectorKernels& kernels) {
    for (const auto& row : rows) {
      Block block(kernels, Kv::int8, 5);
      block.store(0, row, row);
      for (int64_t i = 0; i < 5; ++i) {
        CHECK(block.key(0, i).value() == 0);
        CHECK(block.value(0, i).value() == 0);
      }
    }
  });
}

TEST_CASE("rows lie where the layout says, padded with zeros, beside rows that stay as they are") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
      for (const int64_t dim : {1, 5, 16, 20, 80, 128}) {
        Block block(kernels, kv, dim);
        std::vector<std::vector<float>> rows;
        for (int64_t place = 0; place < kKeyBlock; ++place) {
          RandomFloats random(static_cast<uint64_t>(place));
          rows.push_back(random.vector(2 * dim));
          block.store(place, rows.back().data(), rows.back().data() + dim);
        }
        for (int64_t place = 0; place < kKeyBlock; ++place) {
          const auto& row = rows[static_cast<size_t>(place)];
          for (int64_t d = 0; d < padded(dim); ++d) {
            const double key = d < dim ? row[static_cast<size_t>(d)] : 0;
            const double value = d < dim ? row[static_cast<size_t>(dim + d)] : 0;
            const auto tolerance = [kv](double x) {
              return kv == Kv::int8 ? 0.03 : kv == Kv::bf16 ? std::abs(x) * 0x1p-8 : 0;
            };
            check_close(block.key(place, d).value(), key, tolerance(key));
            check_close(block.value(place, d).value(), value, tolerance(value));
          }
        }
      }
    }
  });
}

std::vector<std::byte> load_queries(const kernels::AttentionProducts& products,
                                    const std::vector<float>& q, int64_t dim, float factor) {
  const int64_t bytes = products.query_bytes(dim);
  const int64_t rows = static_cast<int64_t>(q.size()) / dim;
  std::vector<std::byte> queries(static_cast<size_t>(rows * bytes));
  for (int64_t r = 0; r < rows; ++r)
    products.load_query(q.data() + r * dim, dim, factor, queries.data() + r * bytes);
  return queries;
}

TEST_CASE("scores are dot products") {
  for_each_products([](const VectorKernels& kernels, Kv kv,
                       const kernels::AttentionProducts& products) {
    const AttentionRounding rounding(products);
    for (const int64_t dim : {1, 16, 20, 80, 96, 128}) {
      for (const int64_t rows : {1, 2, 3, 4, 5, 7, 8, 13, 26}) {
        const int64_t keys = 1 + (dim * rows) % kKeyBlock;
        Block block(kernels, kv, dim);
        block.fill(keys, 11);
        const std::vector<float> q = RandomFloats(12).vector(rows * dim);
        const std::vector<std::byte> queries = load_queries(products, q, dim, 0.25F);
        std::vector<float> scores(static_cast<size_t>(rows * kKeyBlock));
        products.scores(queries.data(), rows, block.view(keys, products), scores.data());
        for (int64_t r = 0; r < rows; ++r) {
          double largest = 0;
          for (int64_t d = 0; d < dim; ++d)
            largest = std::max(largest, std::abs(0.25 * q[static_cast<size_t>(r * dim + d)]));
          for (int64_t p = 0; p < keys; ++p) {
            double dot = 0, tolerance = 0;
            for (int64_t d = 0; d < dim; ++d) {
              const double key = block.key(p, d).value();
              const double product = 0.25 * q[static_cast<size_t>(r * dim + d)] * key;
              dot += product;
              tolerance +=
                  std::abs(product) * (static_cast<double>(2 * dim + 4) * kEps + rounding.query) +
                  std::abs(key) * largest * rounding.query_step / 2;
            }
            check_close(scores[static_cast<size_t>(r * kKeyBlock + p)], dot, tolerance);
          }
        }
      }
    }
  });
}

/// Online softmax of `rows` rows, and the memory that kernels may touch beyond them.
struct State {
  explicit State(int64_t rows)
      : maximum(static_cast<size_t>(rows + kernels::kVectorPad), -kInfinity),
        sum(maximum.size(), 0.0F),
        shrink(maximum.size(), 0.0F) {}
  kernels::SoftmaxState view() { return {maximum.data(), sum.data(), shrink.data()}; }
  std::vector<float> maximum, sum, shrink;
};

TEST_CASE("softmax: powers of two are as exact as promised") {
  for_each_products(
      [](const VectorKernels& kernels, Kv kv, const kernels::AttentionProducts& products) {
        Block block(kernels, kv, 16);
        block.fill(kKeyBlock, 3);
        const kernels::CachedBlock view = block.view(kKeyBlock, products);
        double worst = 0, worst_shrink = 0;
        for (int64_t i = 0; i <= 12600; ++i) {
          const float x = -0.01F * static_cast<float>(i);
          std::vector<float> scores(static_cast<size_t>(2 * kKeyBlock), x);
          std::fill_n(scores.begin() + kKeyBlock, kKeyBlock, 0.0F);
          State state(2);
          state.maximum[0] = 0;  // row 0: weights of 2^x beside an earlier maximum of 0
          state.maximum[1] = x;  // row 1: a maximum of x gives way to 0
          state.sum[1] = 1;
          products.softmax(scores.data(), 2, view, state.view());
          const double expected = std::exp2(double{x});
          worst = std::max(worst, std::abs(state.sum[0] / kKeyBlock - expected) / expected);
          worst_shrink = std::max(worst_shrink, std::abs(state.shrink[1] - expected) / expected);
          if (i == 0) CHECK(state.sum[0] == kKeyBlock);
        }
        CHECK(worst < AttentionRounding(products).power + 64 * kEps);
        CHECK(worst_shrink < 2e-7);
      });
}

TEST_CASE("softmax: where a row sees nothing, nothing changes") {
  for_each_products(
      [](const VectorKernels& kernels, Kv kv, const kernels::AttentionProducts& products) {
        Block block(kernels, kv, 16);
        block.fill(kKeyBlock, 3);
        const kernels::CachedBlock view = block.view(kKeyBlock, products);
        std::vector<float> scores(static_cast<size_t>(2 * kKeyBlock), -kInfinity);
        State state(2);
        state.maximum[1] = 3.5F;
        state.sum[1] = 0.75F;
        std::vector<float> acc(2 * 16, 0.0F);
        std::fill_n(acc.begin() + 16, 16, 0.5F);
        const std::vector<float> before = acc;
        products.softmax(scores.data(), 2, view, state.view());
        products.add_values(scores.data(), state.shrink.data(), 2, view, acc.data());
        CHECK(state.maximum[0] == -kInfinity);
        CHECK(state.sum[0] == 0);
        CHECK(state.maximum[1] == 3.5F);
        CHECK(state.sum[1] == 0.75F);
        CHECK(acc == before);
      });
}

TEST_CASE("softmax and values, block by block, are the weighted mean of all values") {
  constexpr int64_t kBlocks = 3;
  for_each_products(
      [](const VectorKernels& kernels, Kv kv, const kernels::AttentionProducts& products) {
        const AttentionRounding rounding(products);
        for (const int64_t dim : {1, 16, 20, 80, 128}) {
          for (const int64_t rows : {1, 2, 4, 5, 7, 8, 13, 26}) {
            const int64_t keys = 1 + (dim * rows) % kKeyBlock;
            const std::vector<float> all = RandomFloats(31).vector(kBlocks * rows * kKeyBlock, 8);
            const auto score = [&](int64_t b, int64_t r, int64_t p) {
              return p < keys && (r != 0 || p != 3)
                         ? all[static_cast<size_t>((b * rows + r) * kKeyBlock + p)]
                         : -kInfinity;
            };
            State state(rows);
            std::vector<float> acc(static_cast<size_t>(rows * padded(dim)));
            std::vector<Block> blocks;
            for (int64_t b = 0; b < kBlocks; ++b) {
              Block& block = blocks.emplace_back(kernels, kv, dim);
              block.fill(keys, static_cast<uint64_t>(40 + b));
              const kernels::CachedBlock view = block.view(keys, products);
              std::vector<float> scores;
              for (int64_t i = 0; i < rows * kKeyBlock; ++i)
                scores.push_back(score(b, i / kKeyBlock, i % kKeyBlock));
              products.softmax(scores.data(), rows, view, state.view());
              products.add_values(scores.data(), state.shrink.data(), rows, view, acc.data());
            }
            const double relative = rounding.power + rounding.weight +
                                    static_cast<double>(kBlocks * (keys + 16)) * kEps + 8e-7;
            for (int64_t r = 0; r < rows; ++r) {
              double largest = -kInfinity, sum = 0;
              for (int64_t i = 0; i < kBlocks * keys; ++i)
                largest = std::max(largest, double{score(i / keys, r, i % keys)});
              for (int64_t i = 0; i < kBlocks * keys; ++i)
                sum += std::exp2(score(i / keys, r, i % keys) - largest);
              const auto row = static_cast<size_t>(r);
              if (sum == 0 || std::isnan(sum)) continue;  // a row that sees nothing
              CHECK(state.maximum[row] == static_cast<float>(largest));
              check_close(state.sum[row], sum, sum * relative);
              for (int64_t d = 0; d < dim; ++d) {
                double expected = 0, tolerance = 0;
                for (int64_t b = 0; b < kBlocks; ++b) {
                  double largest_weight = 0, codes = 0;
                  for (int64_t p = 0; p < keys; ++p) {
                    const Block::Element value = blocks[static_cast<size_t>(b)].value(p, d);
                    const double weight = std::exp2(score(b, r, p) - largest);
                    expected += weight * value.value();
                    tolerance += weight * std::abs(value.value()) * relative;
                    largest_weight = std::max(largest_weight, weight * value.scale);
                    codes += std::abs(value.code);
                  }
                  tolerance += largest_weight * rounding.weight_step / 2 * codes * (1 + relative);
                }
                check_close(acc[static_cast<size_t>(r * padded(dim) + d)], expected, tolerance);
              }
            }
          }
        }
      });
}

}  // namespace
}  // namespace phi
