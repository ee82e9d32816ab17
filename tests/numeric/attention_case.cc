#include "numeric/attention_case.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "support/attention_rounding.h"
#include "support/random_floats.h"

namespace phi::test {

namespace {

using kernels::kKeyBlock;
using kernels::kStrip;
using kernels::padded;

constexpr double kEps = 0x1p-24;

float from_bf16(const std::byte* at) {
  uint16_t half = 0;
  std::memcpy(&half, at, sizeof half);
  return std::bit_cast<float>(uint32_t{half} << 16);
}

int64_t qkv_width(const ops::AttentionShape& shape) {
  return (shape.heads + 2 * shape.kv_heads) * shape.head_dim;
}

}  // namespace

AttentionCase::AttentionCase(const ops::AttentionShape& shape, Kv kv, int64_t positions)
    : shape_(shape), kv_(kv), positions_(positions), capacity_(ops::kv_capacity(positions + 3)) {
  RandomFloats random(static_cast<uint64_t>(shape.head_dim * 1000 + positions));
  qkv_ = random.vector(positions * qkv_width(shape), 1.5F);
  const int64_t blocks = shape.kv_heads * capacity_ / kKeyBlock;
  blocks_.assign(static_cast<size_t>(blocks * ops::kv_block_bytes(kv, shape.head_dim)),
                 std::byte{0xff});  // all ones is a NaN in f32 and bf16
}

ops::KvView AttentionCase::view() {
  return {kv_, shape_.kv_heads, capacity_, shape_.head_dim, blocks_.data()};
}

std::vector<float> AttentionCase::prompt(const Setup& setup, std::span<const int64_t> call_sizes) {
  const ThreadScope threads(setup.threads, setup.backend);
  const std::atomic<bool> stop{false};
  const RunContext run{threads, stop};
  ops::AttentionScratch scratch(shape_, capacity_, setup.threads);
  const int64_t width = qkv_width(shape_), q_width = out_width();
  std::vector<float> out(static_cast<size_t>(positions_ * q_width));
  size_t call = 0;
  for (int64_t first = 0; first < positions_; ++call) {
    const int64_t rows = std::min(call_sizes[call % call_sizes.size()], positions_ - first);
    const float* row = qkv_.data() + first * width;
    const float* k = row + q_width;
    ops::store_kv({k, k + shape_.kv_heads * shape_.head_dim, width, rows, first}, view(),
                  setup.kernels, run);
    ops::attend_prompt({row, width, rows, first, out.data() + first * q_width, q_width}, view(),
                       scratch, setup.kernels, run);
    first += rows;
  }
  return out;
}

std::vector<float> AttentionCase::next(const Setup& setup) {
  const ThreadScope threads(setup.threads, setup.backend);
  const std::atomic<bool> stop{false};
  const RunContext run{threads, stop};
  ops::AttentionScratch scratch(shape_, capacity_, setup.threads);
  std::vector<float> out(static_cast<size_t>(out_width()));
  const int64_t position = positions_ - 1;
  ops::attend_next({qkv_.data() + position * qkv_width(shape_), qkv_width(shape_), 1, position,
                    out.data(), out_width()},
                   view(), scratch, setup.kernels, run);
  return out;
}

// The layout that kv_view.h and vector_kernels.h describe, element by element.

AttentionCase::Element AttentionCase::cached(const std::byte* word, int64_t in_word,
                                             const std::byte* scale) const {
  if (kv_ == Kv::bf16) return {from_bf16(word + 2 * in_word), 1};
  if (kv_ == Kv::int8)
    return {static_cast<double>(static_cast<int8_t>(word[in_word])), from_bf16(scale)};
  float value = 0;
  std::memcpy(&value, word, sizeof value);
  return {value, 1};
}

const std::byte* AttentionCase::block(int64_t kv_head, int64_t position) const {
  const int64_t index = (kv_head * capacity_ + position) / kKeyBlock;
  return blocks_.data() + index * ops::kv_block_bytes(kv_, shape_.head_dim);
}

AttentionCase::Element AttentionCase::key(int64_t kv_head, int64_t position, int64_t d) const {
  const int64_t dim = padded(shape_.head_dim), per_word = kv_ == Kv::f32    ? 1
                                                          : kv_ == Kv::bf16 ? 2
                                                                            : 4;
  const int64_t place = position % kKeyBlock, key = place % kStrip, groups = (dim + 31) / 32;
  const int64_t scale_words = kv_ == Kv::int8 ? (groups + 1) / 2 * kStrip : 0;
  const int64_t strip_words = scale_words + dim / per_word * kStrip;
  const std::byte* strip = block(kv_head, position) + place / kStrip * strip_words * 4;
  return cached(strip + (scale_words + d / per_word * kStrip + key) * 4, d % per_word,
                strip + (d / 64 * kStrip + key) * 4 + d / 32 % 2 * 2);
}

AttentionCase::Element AttentionCase::value(int64_t kv_head, int64_t position, int64_t d) const {
  const int64_t dim = padded(shape_.head_dim), place = position % kKeyBlock;
  const std::byte* values = block(kv_head, position) + ops::kv_key_bytes(kv_, shape_.head_dim);
  if (kv_ == Kv::f32) return cached(values + (place * dim + d) * 4, 0, nullptr);
  if (kv_ == Kv::bf16) return cached(values + (place / 2 * dim + d) * 4, place % 2, nullptr);
  const int64_t groups = (dim + 31) / 32, width = std::min<int64_t>(32, dim - d / 32 * 32);
  const int64_t first_word = groups * (kKeyBlock / 2) + d / 32 * 8 * kKeyBlock;
  return cached(values + (first_word + place / 4 * width + d % 32) * 4, place % 4,
                values + (d / 32 * (kKeyBlock / 2) + place % 32) * 4 + place / 32 * 2);
}

template <class Query, class Key, class Value>
AttentionCase::Head AttentionCase::attend(int64_t position, const Query& query, const Key& key,
                                          const Value& value) const {
  const int64_t dim = shape_.head_dim;
  Head result{.first = shape_.window > 0 ? std::max<int64_t>(0, position - shape_.window + 1) : 0,
              .weights = {},
              .magnitude = 0,
              .largest_key_sum = 0,
              .out = std::vector<double>(static_cast<size_t>(dim))};
  const double scale = 1 / std::sqrt(static_cast<double>(dim));
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int64_t p = result.first; p <= position; ++p) {
    double dot = 0, absolute = 0, key_sum = 0;
    for (int64_t d = 0; d < dim; ++d) {
      const double product = query(d) * key(p, d);
      dot += product;
      absolute += std::abs(product);
      key_sum += std::abs(key(p, d));
    }
    result.weights.push_back(dot * scale);
    largest = std::max(largest, dot * scale);
    result.magnitude = std::max(result.magnitude, absolute * scale);
    result.largest_key_sum = std::max(result.largest_key_sum, key_sum * scale);
  }
  for (double& weight : result.weights) sum += weight = std::exp(weight - largest);
  for (size_t i = 0; i < result.weights.size(); ++i) {
    const double weight = result.weights[i] /= sum;
    for (int64_t d = 0; d < dim; ++d) {
      result.out[static_cast<size_t>(d)] +=
          weight * value(result.first + static_cast<int64_t>(i), d);
    }
  }
  return result;
}

AttentionCase::Reference AttentionCase::reference(
    int64_t position, const kernels::AttentionProducts& products) const {
  const AttentionRounding rounding(products);
  const int64_t dim = shape_.head_dim;
  Reference result;
  for (int64_t head = 0; head < shape_.heads; ++head) {
    const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
    const float* q = qkv_.data() + position * qkv_width(shape_) + head * dim;
    const Head exact = attend(
        position, [q](int64_t d) { return double{q[d]}; },
        [&](int64_t p, int64_t d) { return key(kv_head, p, d).value(); },
        [&](int64_t p, int64_t d) { return value(kv_head, p, d).value(); });
    const double largest_q = std::abs(
        *std::max_element(q, q + dim, [](float a, float b) { return std::abs(a) < std::abs(b); }));
    // Codes of 16 bits are off by half a step at most.
    const double query_error = largest_q * rounding.query_step / 2 * exact.largest_key_sum;
    // A score is off by its dot product's rounding and its query's, a weight by twice that (its own
    // and the largest one's), by the power, by its own rounding and by the sums over all keys.
    const double relative =
        2 * (exact.magnitude * (static_cast<double>(2 * dim + 8) * kEps + rounding.query) +
             query_error) +
        2 * rounding.power + rounding.weight +
        2 * static_cast<double>(exact.weights.size() + 8) * kEps;
    for (int64_t d = 0; d < dim; ++d) {
      double tolerance = 0;
      for (int64_t p = exact.first; p <= position;) {
        // Codes of 8 bits, as many as a block has, are off by half a step of the largest one.
        double largest = 0, codes = 0;
        const int64_t end = std::min(position + 1, (p / kKeyBlock + 1) * kKeyBlock);
        for (; p < end; ++p) {
          const Element element = value(kv_head, p, d);
          const double weight = exact.weights[static_cast<size_t>(p - exact.first)];
          tolerance += weight * std::abs(element.value()) * relative;
          largest = std::max(largest, weight * element.scale);
          codes += std::abs(element.code);
        }
        tolerance += largest * rounding.weight_step / 2 * codes * (1 + relative);
      }
      result.out.push_back(exact.out[static_cast<size_t>(d)]);
      result.tolerance.push_back(tolerance);
    }
  }
  return result;
}

std::vector<double> AttentionCase::attend_to(const std::vector<float>& qkv,
                                             int64_t position) const {
  const int64_t dim = shape_.head_dim;
  std::vector<double> out;
  for (int64_t head = 0; head < shape_.heads; ++head) {
    const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
    const auto element = [&](int64_t p, int64_t index) {
      return double{qkv[static_cast<size_t>(p * qkv_width(shape_) + index)]};
    };
    const int64_t keys = out_width() + kv_head * dim, values = keys + shape_.kv_heads * dim;
    const Head result = attend(
        position, [&](int64_t d) { return element(position, head * dim + d); },
        [&](int64_t p, int64_t d) { return element(p, keys + d); },
        [&](int64_t p, int64_t d) { return element(p, values + d); });
    out.insert(out.end(), result.out.begin(), result.out.end());
  }
  return out;
}

std::vector<double> AttentionCase::unrounded(int64_t position) const {
  return attend_to(qkv_, position);
}

std::vector<double> AttentionCase::rounded_to_q8_0(int64_t position) const {
  std::vector<float> rounded = qkv_;
  for (size_t first = 0; first < rounded.size(); first += 32) {  // heads are whole groups
    const std::span<float> group(rounded.data() + first, 32);
    float largest = 0;
    for (const float x : group) largest = std::max(largest, std::abs(x));
    const float scale = largest / 127;
    for (float& x : group) x = std::round(x / scale) * scale;
  }
  return attend_to(rounded, position);
}

std::string AttentionCase::description() const {
  const char* const types[] = {"bf16", "f32", "int8"};
  return "heads " + std::to_string(shape_.heads) + "/" + std::to_string(shape_.kv_heads) + " x " +
         std::to_string(shape_.head_dim) + ", window " + std::to_string(shape_.window) + ", " +
         types[static_cast<int>(kv_)] + ", " + std::to_string(positions_) + " positions";
}

}  // namespace phi::test
