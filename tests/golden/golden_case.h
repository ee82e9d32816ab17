/// The golden cases: models with the logits and tokens that other programs compute from them.
/// README.md beside the data says what they hold. Cases are found by listing folders, so that
/// whatever lies in PHI_EXTERNAL_TESTDATA/goldens runs too.
#ifndef PHI_GOLDEN_GOLDEN_CASE_H_
#define PHI_GOLDEN_GOLDEN_CASE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "phi/types.h"
#include "support/compare.h"
#include "support/golden_tensors.h"

namespace phi::test {

struct TokenizerText {
  std::string text;
  std::vector<Token> ids;
};

/// One model and what is known about it. Immutable.
struct GoldenCase {
  std::string name;    ///< "c1_phi4" or "g1_phi4-Q4_K"
  std::string model;   ///< what Model::open takes
  std::string stored;  ///< "float32", "float16", "bfloat16", or the GGUF type of the matrices
  bool is_gguf = false;
  uint32_t vocab_size = 0;
  int64_t original_context = 0;  ///< longrope: factors change above it; 0 = never
  Tolerance f32;
  double nmse_f16 = 0,
         nmse_bf16 = 0;  ///< of the case's own table; 8-bit activations share the second
  std::vector<TokenizerText> texts;
  GoldenTensors tensors;

  /// Are its matrices computed in float32 when they are held as stored?
  bool computes_in_f32() const {
    return stored == "float32" || stored == "float16" || stored == "F32" || stored == "F16";
  }
  bool crosses(int64_t end) const { return original_context > 0 && end > original_context; }
  /// Logits of prompt T at `row`, when the call that evaluated the row ended at position `end`:
  /// longrope computes every row again when a call crosses the original length. Empty where no
  /// reference exists.
  std::span<const float> logits(int64_t length, int64_t row, int64_t end) const;
};

/// Hugging Face folders (c*) and GGUF files; those of the project first.
const std::vector<GoldenCase>& folder_cases();
const std::vector<GoldenCase>& gguf_cases();

}  // namespace phi::test

#endif  // PHI_GOLDEN_GOLDEN_CASE_H_
