#include "numeric/attention_case.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "support/random_floats.h"

namespace phi::test {

namespace {

using kernels::kKeyBlock;
using kernels::kStrip;
using kernels::padded;

constexpr double kEps = 0x1p-24;

template <class T>
T element(const std::vector<std::byte>& data, int64_t index) {
  T value;
  std::memcpy(&value, data.data() + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

int64_t qkv_width(const ops::AttentionShape& shape) {
  return (shape.heads + 2 * shape.kv_heads) * shape.head_dim;
}

}  // namespace

AttentionCase::AttentionCase(const ops::AttentionShape& shape, Kv kv, int64_t positions)
    : shape_(shape), kv_(kv), positions_(positions), capacity_(ops::kv_capacity(positions + 3)) {
  RandomFloats random(static_cast<uint64_t>(shape.head_dim * 1000 + positions));
  qkv_ = random.vector(positions * qkv_width(shape), 1.5F);
  const auto rows = static_cast<size_t>(shape.kv_heads * capacity_);
  const size_t bytes = 2 * rows * static_cast<size_t>(ops::kv_row_bytes(kv, shape.head_dim));
  blocks_.assign(bytes, std::byte{0xff});  // all ones is a NaN in f32 and bf16
  key_scales_.assign(rows, std::numeric_limits<float>::quiet_NaN());
  value_scales_ = key_scales_;
}

ops::KvView AttentionCase::view() {
  return {kv_,
          shape_.kv_heads,
          capacity_,
          shape_.head_dim,
          blocks_.data(),
          key_scales_.data(),
          value_scales_.data()};
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

double AttentionCase::cached(int64_t index, float scale) const {
  if (kv_ == Kv::f32) return element<float>(blocks_, index);
  if (kv_ == Kv::int8) return element<int8_t>(blocks_, index) * double{scale};
  return std::bit_cast<float>(uint32_t{element<uint16_t>(blocks_, index)} << 16);
}

// The layout that kv_view.h and vector_kernels.h describe, element by element.

double AttentionCase::key(int64_t kv_head, int64_t position, int64_t d) const {
  const int64_t row = kv_head * capacity_ + position, place = row % kKeyBlock;
  const int64_t dim = padded(shape_.head_dim), per_word = 4 / ops::kv_element_bytes(kv_);
  const int64_t word = (place / kStrip * dim / per_word + d / per_word) * kStrip + place % kStrip;
  return cached(row / kKeyBlock * 2 * kKeyBlock * dim + word * per_word + d % per_word,
                key_scales_[static_cast<size_t>(row)]);
}

double AttentionCase::value(int64_t kv_head, int64_t position, int64_t d) const {
  const int64_t row = kv_head * capacity_ + position, place = row % kKeyBlock;
  const int64_t dim = padded(shape_.head_dim), per_word = 4 / ops::kv_element_bytes(kv_);
  const int64_t word = place / per_word * dim + d;
  return cached((row / kKeyBlock * 2 + 1) * kKeyBlock * dim + word * per_word + place % per_word,
                value_scales_[static_cast<size_t>(row)]);
}

AttentionCase::Reference AttentionCase::reference(int64_t position,
                                                  const kernels::Kernels& kernels) const {
  const double rounding = rounds_to_bf16(kernels) ? 0x1p-8 : 0;
  const int64_t dim = shape_.head_dim;
  const int64_t first = shape_.window > 0 ? std::max<int64_t>(0, position - shape_.window + 1) : 0;
  Reference result;
  for (int64_t head = 0; head < shape_.heads; ++head) {
    const int64_t kv_head = head / (shape_.heads / shape_.kv_heads);
    const float* q = qkv_.data() + position * qkv_width(shape_) + head * dim;
    std::vector<double> weights;
    double magnitude = 0, largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t key = first; key <= position; ++key) {
      double dot = 0, absolute = 0;
      for (int64_t d = 0; d < dim; ++d) {
        const double product = q[d] * this->key(kv_head, key, d);
        dot += product;
        absolute += std::abs(product);
      }
      const double scale = 1 / std::sqrt(static_cast<double>(dim));
      weights.push_back(dot * scale);
      largest = std::max(largest, dot * scale);
      magnitude = std::max(magnitude, absolute * scale);
    }
    for (double& weight : weights) sum += weight = std::exp(weight - largest);
    // A score is off by its dot product's rounding and its query's, a weight by twice that (its own
    // and the largest one's), by the power, by its own rounding and by the sums over all keys.
    const double relative = 2 * magnitude * (static_cast<double>(dim + 8) * kEps + rounding) +
                            (rounding > 0 ? 2 * 9e-5 + rounding : 4e-7) +
                            2 * static_cast<double>(weights.size() + 8) * kEps;
    for (int64_t d = 0; d < dim; ++d) {
      double mean = 0, absolute = 0;
      for (size_t i = 0; i < weights.size(); ++i) {
        const double product =
            weights[i] / sum * this->value(kv_head, first + static_cast<int64_t>(i), d);
        mean += product;
        absolute += std::abs(product);
      }
      result.out.push_back(mean);
      result.tolerance.push_back(absolute * relative);
    }
  }
  return result;
}

bool AttentionCase::rounds_to_bf16(const kernels::Kernels& kernels) const {
  const auto& attention = kernels.vector->attention[static_cast<int>(kv_)];
  return attention.query_bytes(kStrip) == kStrip * static_cast<int64_t>(sizeof(uint16_t));
}

std::string AttentionCase::description() const {
  const char* const types[] = {"bf16", "f32", "int8"};
  return "heads " + std::to_string(shape_.heads) + "/" + std::to_string(shape_.kv_heads) + " x " +
         std::to_string(shape_.head_dim) + ", window " + std::to_string(shape_.window) + ", " +
         types[static_cast<int>(kv_)] + ", " + std::to_string(positions_) + " positions";
}

}  // namespace phi::test
