/// The instruction-set levels that this machine can run, so that tests cover each of them.
#ifndef PHI_SUPPORT_EACH_ISA_H_
#define PHI_SUPPORT_EACH_ISA_H_

#include <string>
#include <vector>

#include "base/cpu.h"
#include "kernels/dispatch.h"

namespace phi::test {

inline std::vector<kernels::Kernels> each_isa() {
  std::vector<kernels::Kernels> all;
  for (const Isa isa : {Isa::base, Isa::avx2, Isa::avx512, Isa::avx512_vnni}) {
    const kernels::Kernels kernels = kernels::select_kernels(isa);
    if (kernels.isa == isa) all.push_back(kernels);
  }
  return all;
}

}  // namespace phi::test

#endif  // PHI_SUPPORT_EACH_ISA_H_
