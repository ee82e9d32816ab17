/// Matrix-multiplication micro-kernels for panels of 64 weight rows: oneDNN's batch-reduce GEMM, or
/// our own where the processor has none. Made once per model, immutable, shared by all its Linears
/// and usable from any number of threads.
#ifndef PHI_OPS_GEMM_KERNELS_H_
#define PHI_OPS_GEMM_KERNELS_H_

#include <array>
#include <cstdint>
#include <oneapi/dnnl/dnnl_ukernel.hpp>
#include <utility>
#include <vector>

#include "base/dtype.h"
#include "kernels/dispatch.h"

namespace phi::ops {

/// What goes into the multiplier; sums are always f32.
enum class Arithmetic : int32_t { f32 = 0, bf16 = 1 };

constexpr int64_t element_bytes(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::f32 ? 4 : 2;
}

class GemmKernels {
 public:
  /// Inputs that one multiplication sums over; longer sums are cut into such blocks, in order.
  static constexpr int64_t kDepth = 1024;
  /// The last block is filled up with zeros to a multiple of this.
  static constexpr int64_t kDepthStep = 64;
  /// Rows of activations come in multiples of this; the rest is padding.
  static constexpr int64_t kRowStep = 8;
  /// Memory that multiply() may need for itself.
  static constexpr int64_t kScratchpadBytes = 64 * 1024;

  /// Where oneDNN has no kernel for the processor, ours take its place. Error{out_of_memory}
  explicit GemmKernels(const kernels::Kernels& kernels);

  /// F32 and F16 weights keep their precision; all others go through bf16 where the processor
  /// multiplies bf16.
  Arithmetic arithmetic(DType weights) const noexcept;

  struct Operands {
    const void* a;  ///< [rows, kDepth], rows a multiple of kRowStep; only the first `depth` columns
                    ///< are read
    const void* panel;  ///< [depth, 64] as pack_panel_bf16 or pack_panel_f32 writes it
    float* c;           ///< [rows, 64], added to
    int64_t rows;
    int64_t depth;     ///< a multiple of kDepthStep, <= kDepth
    void* scratchpad;  ///< kScratchpadBytes
  };
  /// c += a * panel. Each row's sum does not depend on the other rows. False if oneDNN had no
  /// memory for its own needs.
  bool multiply(Arithmetic arithmetic, const Operands& operands) const noexcept;

  /// To be called after the last multiply() of a task on that thread: gives back the processor's
  /// tile registers.
  static void release() noexcept;

 private:
  static constexpr std::array<int64_t, 3> kRowCounts = {64, 16, 8};
  static constexpr std::array<int64_t, 3> kDepths = {kDepth, 512, kDepthStep};

  /// One kernel per depth and row count.
  using Ladder = std::array<std::array<dnnl::ukernel::brgemm, kRowCounts.size()>, kDepths.size()>;
  static bool generate(Arithmetic arithmetic, Ladder& ladder);
  bool multiply_with_onednn(Arithmetic arithmetic, const Operands& operands) const noexcept;

  const kernels::MatrixKernels* own_;
  std::array<bool, 2> generated_ = {};  // by Arithmetic
  std::array<Ladder, 2> ladders_;
  std::vector<std::pair<dnnl::memory::dim, dnnl::memory::dim>> offsets_ = {{0, 0}};
};

}  // namespace phi::ops

#endif  // PHI_OPS_GEMM_KERNELS_H_
