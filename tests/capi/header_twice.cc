// phi.h in C++: twice, beside its experimental sister, and linked as C.
#include "phi.h"
#include "phi_experimental.h"

extern "C" uint32_t phi_abi_version_seen_from_cpp(void) { return phi_abi_version(); }
