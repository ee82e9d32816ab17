#include "ops/gemm_kernels.h"

#include "base/cpu.h"
#include "base/fail.h"
#include "ops/linear.h"

namespace phi::ops {

namespace {

using dnnl::memory;
using dnnl::ukernel::brgemm;
using dnnl::ukernel::pack_type;

/// c[rows, 64] += a[rows, depth] * b[depth, 64]; an empty kernel where oneDNN has none that takes
/// our panels.
brgemm make_kernel(Arithmetic arithmetic, int64_t rows, int64_t depth) {
  const bool is_bf16 = arithmetic == Arithmetic::bf16;
  const auto type = is_bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  constexpr int64_t kColumns = kernels::kPanelRows;
  brgemm kernel(rows, kColumns, depth, 1, GemmKernels::kDepth, kColumns, kColumns, type, type,
                memory::data_type::f32,
                /*allow_empty=*/true);
  if (!kernel) return {};
  kernel.set_add_C(true);
  kernel.finalize();
  const pack_type packing = kernel.get_B_pack_type();
  const bool takes_our_panels =
      is_bf16 ? packing == pack_type::pack32 : packing == pack_type::no_trans;
  if (!takes_our_panels || kernel.get_scratchpad_size() > GemmKernels::kScratchpadBytes) return {};
  kernel.generate();
  return kernel;
}

}  // namespace

bool GemmKernels::generate(Arithmetic arithmetic, Ladder& ladder) {
  try {
    for (size_t d = 0; d < kDepths.size(); ++d) {
      for (size_t r = 0; r < kRowCounts.size(); ++r) {
        ladder[d][r] = make_kernel(arithmetic, kRowCounts[r], kDepths[d]);
        if (!ladder[d][r]) return false;
      }
    }
    return true;
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory)
      fail(Code::out_of_memory, "matrix multiplication kernels: ", error.what());
    return false;  // this processor or system cannot run them
  }
}

GemmKernels::GemmKernels(const kernels::Kernels& kernels) : own_(kernels.matrix) {
  if (kernels.isa == Isa::base) return;
  generated_[static_cast<size_t>(Arithmetic::f32)] = generate(Arithmetic::f32, ladders_[0]);
  // Without the instruction oneDNN would emulate bf16, slower than f32.
  if (kernels.isa == Isa::avx512_vnni && cpu_features().avx512_bf16) {
    generated_[static_cast<size_t>(Arithmetic::bf16)] = generate(Arithmetic::bf16, ladders_[1]);
  }
}

Arithmetic GemmKernels::arithmetic(DType weights) const noexcept {
  const bool exact = weights == DType::f32 || weights == DType::f16;
  return !exact && generated_[static_cast<size_t>(Arithmetic::bf16)] ? Arithmetic::bf16
                                                                     : Arithmetic::f32;
}

bool GemmKernels::multiply(Arithmetic arithmetic, const Operands& operands) const noexcept {
  if (generated_[static_cast<size_t>(arithmetic)])
    return multiply_with_onednn(arithmetic, operands);
  own_->gemm_panel_f32(static_cast<const float*>(operands.a), kDepth, operands.rows, operands.depth,
                       static_cast<const float*>(operands.panel), operands.c, 1);
  return true;
}

/// oneDNN asks the heap for a few bytes in every call, and throws when it gets none; nothing may
/// leave a parallel loop.
bool GemmKernels::multiply_with_onednn(Arithmetic arithmetic,
                                       const Operands& operands) const noexcept try {
  const Ladder& ladder = ladders_[static_cast<size_t>(arithmetic)];
  const auto* a = static_cast<const std::byte*>(operands.a);
  const auto* panel = static_cast<const std::byte*>(operands.panel);
  for (int64_t k = 0; k < operands.depth;) {
    size_t d = 0;
    while (kDepths[d] > operands.depth - k) ++d;
    int64_t row = 0;
    for (size_t r = 0; r < kRowCounts.size(); ++r) {
      if (operands.rows - row < kRowCounts[r]) continue;
      const_dnnl_brgemm_t kernel = ladder[d][r].get();
      if (dnnl_brgemm_set_hw_context(kernel) != dnnl_success) return false;
      for (; operands.rows - row >= kRowCounts[r]; row += kRowCounts[r]) {
        const dnnl_status_t status =
            dnnl_brgemm_execute(kernel, a + (row * kDepth + k) * element_bytes(arithmetic),
                                panel + k * kernels::kPanelRows * element_bytes(arithmetic),
                                reinterpret_cast<const dnnl_dim_t*>(offsets_.data()),
                                operands.c + row * kernels::kPanelRows, operands.scratchpad);
        if (status != dnnl_success) return false;
      }
    }
    k += kDepths[d];
  }
  return true;
} catch (...) {
  return false;
}

void GemmKernels::release() noexcept { (void)dnnl_brgemm_release_hw_context(); }

std::shared_ptr<const GemmKernels> make_gemm_kernels(const kernels::Kernels& kernels) {
  try {
    return std::make_shared<const GemmKernels>(kernels);
  } catch (const std::bad_alloc&) {
    fail(Code::out_of_memory, "matrix multiplication kernels: out of memory");
  }
}

}  // namespace phi::ops
