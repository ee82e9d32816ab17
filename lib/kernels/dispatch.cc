#include "kernels/dispatch.h"

#include "base/cpu.h"

namespace phi::kernels {

Kernels select_kernels(Isa cap) noexcept {
  const Isa isa = best_isa(cap);
  switch (isa) {
#if defined(__x86_64__)
    case Isa::avx512_vnni:
      return {isa,
              &kMatrixAvx512Vnni,
              cpu_features().avx512_bf16 ? &kVectorAvx512Bf16 : &kVectorAvx512,
              &kQuantizeAvx512,
              &kStripAvx512Vnni,
              &kWeighingAvx512};
    case Isa::avx512:
      return {isa, &kMatrixAvx512, &kVectorAvx512, &kQuantizeAvx512, &kStripAvx2, &kWeighingAvx512};
    case Isa::avx2:
      return {isa, &kMatrixAvx2, &kVectorAvx2, &kQuantizeAvx2, &kStripAvx2, &kWeighingAvx2};
#endif
    default:
      return {Isa::base, &kMatrixBase, &kVectorBase, &kQuantizeBase, nullptr, &kWeighingBase};
  }
}

}  // namespace phi::kernels
