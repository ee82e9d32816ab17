// Weights from scores for every processor: registers of 2 doubles, as SSE2 and NEON have them.
#include "kernels/weighing_kernels.h"

namespace phi::kernels {

namespace {

constexpr int kLanes = 2;

#include "kernels/weighing_kernels.inc"

}  // namespace

constinit const WeighingKernels kWeighingBase = {weigh};

}  // namespace phi::kernels
