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
using kernels::kStrip;
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
        keys_(static_cast<size_t>(kKeyBlock * padded(dim) * 4 / per_word_), kFill),
        values_(keys_),
        key_scales_(static_cast<size_t>(kKeyBlock), std::numeric_limits<float>::quiet_NaN()),
        value_scales_(key_scales_) {}

  const kernels::AttentionKernels& kernels() const { return kernels_; }

  void store(int64_t place, const float* key, const float* value) {
    kernels_.store_key(key, dim_, place, keys_.data(), key_scales_.data());
    kernels_.store_value(value, dim_, place, values_.data(), value_scales_.data());
  }
  /// Stores `count` random rows.
  void fill(int64_t count, uint64_t seed) {
    RandomFloats random(seed);
    for (int64_t place = 0; place < count; ++place) {
      const std::vector<float> key = random.vector(dim_), value = random.vector(dim_);
      store(place, key.data(), value.data());
    }
  }

  kernels::CachedBlock view(int64_t count) const {
    return {keys_.data(), values_.data(), key_scales_.data(), value_scales_.data(), count, dim_};
  }

  double key(int64_t place, int64_t d) const {
    const int64_t strip = place / kStrip * padded(dim_) / per_word_ + d / per_word_;
    return element(keys_, key_scales_,
                   (strip * kStrip + place % kStrip) * per_word_ + d % per_word_, place);
  }
  double value(int64_t place, int64_t d) const {
    return element(values_, value_scales_,
                   (place / per_word_ * padded(dim_) + d) * per_word_ + place % per_word_, place);
  }
  double scale(int64_t place) const { return key_scales_[static_cast<size_t>(place)]; }

  /// What a factor of a product may lose when the kernels turn it into their own form.
  double rounding() const { return kernels_.query_bytes(kStrip) == 2 * kStrip ? 0x1p-8 : 0; }

 private:
  double element(const std::vector<std::byte>& rows, const std::vector<float>& scales,
                 int64_t index, int64_t place) const {
    const std::byte* at = rows.data() + index * 4 / per_word_;
    if (kv_ == Kv::int8)
      return static_cast<int8_t>(*at) * double{scales[static_cast<size_t>(place)]};
    if (kv_ == Kv::bf16) {
      uint16_t bits = 0;
      std::memcpy(&bits, at, 2);
      return from_bf16(bits);
    }
    float v = 0;
    std::memcpy(&v, at, 4);
    return v;
  }

  Kv kv_;
  int64_t dim_;
  const kernels::AttentionKernels& kernels_;
  int64_t per_word_;
  std::vector<std::byte> keys_, values_;
  std::vector<float> key_scales_, value_scales_;
};

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
        CHECK(std::isnan(block.key(5, i)));
        CHECK(std::isnan(block.value(5, i)));
      }
      for (int64_t i = 0; i < kCount; ++i) {
        const auto expected = std::bit_cast<uint32_t>(from_bf16(after[i]));
        CHECK(std::bit_cast<uint32_t>(static_cast<float>(block.key(5, i + shift))) == expected);
        CHECK(std::bit_cast<uint32_t>(static_cast<float>(block.value(5, i + shift))) == expected);
      }
    }
  });
}

TEST_CASE("int8 rows keep every value within half a step") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const int64_t n : kLengths) {
      const std::vector<float> row = RandomFloats(static_cast<uint64_t>(n)).vector(n, 3);
      float largest = 0;
      for (const float v : row) largest = std::max(largest, std::abs(v));
      Block block(kernels, Kv::int8, n);
      block.store(9, row.data(), row.data());
      check_close(block.scale(9), largest / 127.0, block.scale(9) * 2 * kEps);
      for (int64_t i = 0; i < n; ++i) {
        const double tolerance = block.scale(9) * (0.5 + 1e-4);
        check_close(block.key(9, i), row[static_cast<size_t>(i)], tolerance);
        check_close(block.value(9, i), row[static_cast<size_t>(i)], tolerance);
      }
    }
    const float zeros[5] = {};
    Block block(kernels, Kv::int8, 5);
    block.store(0, zeros, zeros);
    CHECK(block.scale(0) == 0);
    for (int64_t i = 0; i < 5; ++i) CHECK(block.key(0, i) == 0);
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
            check_close(block.key(place, d), key, tolerance(key));
            check_close(block.value(place, d), value, tolerance(value));
          }
        }
      }
    }
  });
}

std::vector<std::byte> load_queries(const Block& block, const std::vector<float>& q, int64_t dim,
                                    float factor) {
  const int64_t bytes = block.kernels().query_bytes(dim);
  const int64_t rows = static_cast<int64_t>(q.size()) / dim;
  std::vector<std::byte> queries(static_cast<size_t>(rows * bytes));
  for (int64_t r = 0; r < rows; ++r) {
    block.kernels().load_query(q.data() + r * dim, dim, factor, queries.data() + r * bytes);
  }
  return queries;
}

TEST_CASE("scores are dot products") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
      for (const int64_t dim : {1, 16, 20, 80, 96, 128}) {
        for (const int64_t rows : {1, 2, 3, 4, 5, 7, 8, 13, 26}) {
          const int64_t keys = 1 + (dim * rows) % kKeyBlock;
          Block block(kernels, kv, dim);
          block.fill(keys, 11);
          const std::vector<float> q = RandomFloats(12).vector(rows * dim);
          const std::vector<std::byte> queries = load_queries(block, q, dim, 0.25F);
          std::vector<float> scores(static_cast<size_t>(rows * kKeyBlock));
          block.kernels().scores(queries.data(), rows, block.view(keys), scores.data());
          for (int64_t r = 0; r < rows; ++r) {
            for (int64_t p = 0; p < keys; ++p) {
              double dot = 0, magnitude = 0;
              for (int64_t d = 0; d < dim; ++d) {
                const double product = 0.25 * q[static_cast<size_t>(r * dim + d)] * block.key(p, d);
                dot += product;
                magnitude += std::abs(product);
              }
              check_close(scores[static_cast<size_t>(r * kKeyBlock + p)], dot,
                          magnitude * (static_cast<double>(dim + 4) * kEps + block.rounding()));
            }
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

/// How far a weight may be off, relatively, before it is rounded to the form of the products.
double weight_error(const Block& block) { return block.rounding() > 0 ? 9e-5 : 2e-7; }

TEST_CASE("softmax: powers of two are as exact as promised") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
      Block block(kernels, kv, 16);
      block.fill(kKeyBlock, 3);
      double worst = 0, worst_shrink = 0;
      for (int64_t i = 0; i <= 12600; ++i) {
        const float x = -0.01F * static_cast<float>(i);
        std::vector<float> scores(static_cast<size_t>(2 * kKeyBlock), x);
        std::fill_n(scores.begin() + kKeyBlock, kKeyBlock, 0.0F);
        State state(2);
        state.maximum[0] = 0;  // row 0: weights of 2^x beside an earlier maximum of 0
        state.maximum[1] = x;  // row 1: a maximum of x gives way to 0
        state.sum[1] = 1;
        block.kernels().softmax(scores.data(), 2, block.view(kKeyBlock), state.view());
        const double expected = std::exp2(double{x});
        worst = std::max(worst, std::abs(state.sum[0] / kKeyBlock - expected) / expected);
        worst_shrink = std::max(worst_shrink, std::abs(state.shrink[1] - expected) / expected);
        if (i == 0) CHECK(state.sum[0] == kKeyBlock);
      }
      CHECK(worst < weight_error(block) + 64 * kEps);
      CHECK(worst_shrink < 2e-7);
    }
  });
}

TEST_CASE("softmax: where a row sees nothing, nothing changes") {
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
      Block block(kernels, kv, 16);
      block.fill(kKeyBlock, 3);
      std::vector<float> scores(static_cast<size_t>(2 * kKeyBlock), -kInfinity);
      State state(2);
      state.maximum[1] = 3.5F;
      state.sum[1] = 0.75F;
      std::vector<float> acc(2 * 16, 0.0F);
      std::fill_n(acc.begin() + 16, 16, 0.5F);
      const std::vector<float> before = acc;
      block.kernels().softmax(scores.data(), 2, block.view(kKeyBlock), state.view());
      block.kernels().add_values(scores.data(), state.shrink.data(), 2, block.view(kKeyBlock),
                                 acc.data());
      CHECK(state.maximum[0] == -kInfinity);
      CHECK(state.sum[0] == 0);
      CHECK(state.maximum[1] == 3.5F);
      CHECK(state.sum[1] == 0.75F);
      CHECK(acc == before);
    }
  });
}

TEST_CASE("softmax and values, block by block, are the weighted mean of all values") {
  constexpr int64_t kBlocks = 3;
  for_each_isa([](const VectorKernels& kernels) {
    for (const Kv kv : kTypes) {
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
            std::vector<float> scores;
            for (int64_t i = 0; i < rows * kKeyBlock; ++i)
              scores.push_back(score(b, i / kKeyBlock, i % kKeyBlock));
            block.kernels().softmax(scores.data(), rows, block.view(keys), state.view());
            block.kernels().add_values(scores.data(), state.shrink.data(), rows, block.view(keys),
                                       acc.data());
          }
          const double relative = weight_error(blocks[0]) + blocks[0].rounding() +
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
              double expected = 0, magnitude = 0;
              for (int64_t b = 0; b < kBlocks; ++b) {
                for (int64_t p = 0; p < keys; ++p) {
                  const double product = std::exp2(score(b, r, p) - largest) *
                                         blocks[static_cast<size_t>(b)].value(p, d);
                  expected += product;
                  magnitude += std::abs(product);
                }
              }
              check_close(acc[static_cast<size_t>(r * padded(dim) + d)], expected,
                          magnitude * relative);
            }
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace phi
