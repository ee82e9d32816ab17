// Weights from scores for AVX-512: registers of 8 doubles.
#include "kernels/weighing_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 8;

#include "kernels/weighing_kernels.inc"

}  // namespace

constinit const WeighingKernels kWeighingAvx512 = {weigh};

}  // namespace phi::kernels
