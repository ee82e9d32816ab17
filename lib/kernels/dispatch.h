/// Chooses the kernels for this processor.
#ifndef PHI_KERNELS_DISPATCH_H_
#define PHI_KERNELS_DISPATCH_H_

#include "kernels/matrix_kernels.h"
#include "kernels/quantize_kernels.h"
#include "kernels/strip_kernels.h"
#include "kernels/vector_kernels.h"
#include "kernels/weighing_kernels.h"
#include "phi/types.h"

namespace phi::kernels {

/// The tables live as long as the program and are constant.
struct Kernels {
  Isa isa;
  const MatrixKernels* matrix;
  const VectorKernels* vector;
  const QuantizeKernels* quantize;
  const StripKernels* strips;  ///< null where weights stay in rows
  const WeighingKernels* weighing;
};

/// The best tables that the processor runs, not above `cap`.
Kernels select_kernels(Isa cap) noexcept;

}  // namespace phi::kernels

#endif  // PHI_KERNELS_DISPATCH_H_
