// Weights from scores for AVX2: registers of 4 doubles.
#include "kernels/weighing_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 4;

#include "kernels/weighing_kernels.inc"

}  // namespace

constinit const WeighingKernels kWeighingAvx2 = {weigh};

}  // namespace phi::kernels
