/// Reads the reference values of a golden file: a safetensors file of F32 and I64 tensors.
/// Written apart from lib/io on purpose: what checks the library does not depend on it.
#ifndef PHI_SUPPORT_GOLDEN_TENSORS_H_
#define PHI_SUPPORT_GOLDEN_TENSORS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "phi/types.h"

namespace phi::test {

/// f32 [rows, cols], row-major; a vector has one row.
struct GoldenMatrix {
  int64_t rows = 0, cols = 0;
  std::vector<float> values;
  const float* row(int64_t r) const { return values.data() + r * cols; }
};

/// The tensors of one file. Immutable once read; std::runtime_error for a file that is not what it
/// should be.
class GoldenTensors {
 public:
  explicit GoldenTensors(const std::string& path);

  bool has(const std::string& name) const;
  const GoldenMatrix& matrix(const std::string& name) const;
  const std::vector<Token>& tokens(const std::string& name) const;
  /// T of every tensor "<prefix>.T<n>", ascending.
  std::vector<int64_t> lengths(const std::string& prefix) const;

 private:
  std::map<std::string, GoldenMatrix> matrices_;
  std::map<std::string, std::vector<Token>> tokens_;
};

}  // namespace phi::test

#endif  // PHI_SUPPORT_GOLDEN_TENSORS_H_
