/// y = x * W^T (+ bias): the one interface to every matrix multiplication, whatever the weights'
/// type.
///
/// Weights in strips go through integer dot products (strip_linear.h), in one arithmetic for any
/// number of rows. Weights in rows have two arithmetics. Prompt processing (`prefill`) unpacks a
/// panel of 64 weight rows at a time into scratch that stays in the level-2 cache and multiplies it
/// with oneDNN's batch-reduce GEMM micro-kernel: f32 for F32 and F16 weights, bf16 inputs with f32
/// sums for all others (f32 where the processor has no bf16). Generation (`decode`) reads each
/// packed weight once and takes dot products straight from it. Within one arithmetic a row's result
/// has the same bits for any number of rows and threads: the sum over the inputs runs in fixed
/// blocks, in order.
#ifndef PHI_OPS_LINEAR_H_
#define PHI_OPS_LINEAR_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/run_context.h"
#include "kernels/dispatch.h"
#include "ops/linear_rows.h"
#include "ops/strip_linear.h"
#include "weights/weight_store.h"

namespace phi::ops {

class GemmKernels;  // oneDNN micro-kernels, in gemm_kernels.{h,cc}
enum class Arithmetic : int32_t;

/// The micro-kernels for one model; all its Linears share them. Generates machine code, which takes
/// some milliseconds. Error{out_of_memory}
std::shared_ptr<const GemmKernels> make_gemm_kernels(const kernels::Kernels& kernels);

/// Scratch that Linears of one session share; one call at a time.
class LinearScratch {
 public:
  /// max_rows: rows of one prefill call; max_in: the widest input. Allocates; touched by the owner.
  /// Error{out_of_memory}
  LinearScratch(int64_t max_rows, int64_t max_in, int threads);
  static uint64_t size_bytes(int64_t max_rows, int64_t max_in, int threads);
  void touch() noexcept { buffer_.touch(); }

 private:
  friend class Linear;
  std::byte* worker(int index) noexcept {
    return buffer_.data() + input_bytes_ + index * worker_bytes_;
  }

  int64_t max_rows_, max_in_;
  int threads_;
  int64_t input_bytes_, worker_bytes_;
  AlignedBuffer buffer_;  // the converted input, then a part per worker
};

/// Matrices that read the same input, their outputs side by side. Immutable; weights are borrowed.
class Linear {
 public:
  /// bias: [out_features] over all parts, or empty. `gemm` was made for the same `kernels`.
  Linear(std::span<const weights::Matrix> parts, std::vector<float> bias,
         const kernels::Kernels& kernels, std::shared_ptr<const GemmKernels> gemm);
  ~Linear();
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;

  int64_t in_features() const noexcept { return in_; }
  int64_t out_features() const noexcept { return out_; }

  /// rows <= the scratch's max_rows.
  using Rows = LinearRows;
  /// Error{invalid_argument} if the scratch is too small, Error{out_of_memory} if oneDNN gets none.
  void prefill(const Rows& rows, Store store, LinearScratch& scratch, const RunContext& run) const;

  /// One row: x [in], y [out].
  void decode(const float* x, float* y, Store store, LinearScratch& scratch,
              const RunContext& run) const;

 private:
  struct Part {
    DType dtype;
    Arithmetic arithmetic;  // of prefill
    const std::byte* data;
    int64_t row_bytes, rows;
    int64_t first_output;
    int64_t rows_per_task;  // of decode
  };
  struct Pass;
  struct PanelPiece;

  void prefill_pass(const Pass& pass) const;
  void load_input(const Pass& pass) const;
  void unpack_piece(const Part& part, const PanelPiece& piece,
                    Arithmetic arithmetic) const noexcept;
  bool multiply_panel(const Pass& pass, const Part& part, int64_t panel,
                      std::byte* worker) const noexcept;
  void store_panel(const Pass& pass, int64_t first, int64_t count,
                   const float* tile) const noexcept;
  void multiply_rows(const Part& part, int64_t first_row, const kernels::Activation& input,
                     float* y, Store store) const noexcept;
  void multiply_strip_parts(const Rows& rows, Store store, LinearScratch& scratch,
                            const RunContext& run) const;
  void check_scratch(int64_t rows, const LinearScratch& scratch, const RunContext& run) const;

  std::vector<Part> parts_;             // held in rows
  std::vector<StripPart> strip_parts_;  // held in strips
  std::vector<float> bias_;
  kernels::Kernels kernels_;
  std::shared_ptr<const GemmKernels> gemm_;
  int64_t in_ = 0, out_ = 0;
};

}  // namespace phi::ops

#endif  // PHI_OPS_LINEAR_H_
