/// What the products of attention lose by the form that their factors take: the part of a test's
/// tolerance that is no rounding of sums.
#ifndef PHI_SUPPORT_ATTENTION_ROUNDING_H_
#define PHI_SUPPORT_ATTENTION_ROUNDING_H_

#include "kernels/vector_kernels.h"

namespace phi::test {

struct AttentionRounding {
  /// two_bf16: queries as the sum of two bf16, weights in bf16; int8: in 16 and in 8 bits.
  enum class Form { f32, bf16, two_bf16, int8 };

  explicit AttentionRounding(const kernels::AttentionProducts& products) : form(form_of(products)) {
    if (form == Form::f32) return;
    power = 9e-5;
    if (form == Form::int8) {
      query_step = 1 / 32512.0;
      weight_step = 1 / 255.0;
    } else {
      const double unpacked = products.unpack == nullptr ? 0 : 0x1p-8;  // a key, a value
      query = (form == Form::bf16 ? 0x1p-8 : 0x1p-16) + unpacked;
      weight = 0x1p-8 + unpacked;
    }
  }

  Form form;
  double query = 0;        ///< of a query in bf16, and of a key where it is unpacked; relative
  double weight = 0;       ///< of a weight in bf16, and of a value where it is unpacked; relative
  double query_step = 0;   ///< of a query's code, relative to the query's largest element
  double weight_step = 0;  ///< of a weight's code, relative to the block's largest one
  double power = 2e-7;     ///< of a weight before it is rounded, relative

 private:
  static Form form_of(const kernels::AttentionProducts& products) {
    constexpr int64_t kDim = kernels::kVectorPad;
    const int64_t query_bytes = products.query_bytes(kDim);
    if (query_bytes == 2 * kDim) return Form::bf16;
    if (query_bytes != 4 * kDim) return Form::int8;
    // Two forms have this size: a row of ones tells which it is.
    float ones[kDim], query_of_ones[kDim];
    for (float& one : ones) one = 1;
    products.load_query(ones, kDim, 1, query_of_ones);
    return query_of_ones[0] == 1 ? Form::f32 : Form::two_bf16;
  }
};

}  // namespace phi::test

#endif  // PHI_SUPPORT_ATTENTION_ROUNDING_H_
