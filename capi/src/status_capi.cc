#include "phi.h"
#include "phi/error.h"
#include "phi/types.h"
#include "phi/version.h"

namespace {

using phi::Code;

// The two languages share their numbers; a difference would be found here and not by a user.
static_assert(PHI_ERR_INVALID_ARGUMENT == static_cast<int>(Code::invalid_argument));
static_assert(PHI_ERR_OUT_OF_RANGE == static_cast<int>(Code::out_of_range));
static_assert(PHI_ERR_BUFFER_TOO_SMALL == static_cast<int>(Code::buffer_too_small));
static_assert(PHI_ERR_NOT_FOUND == static_cast<int>(Code::not_found));
static_assert(PHI_ERR_IO == static_cast<int>(Code::io));
static_assert(PHI_ERR_BAD_FORMAT == static_cast<int>(Code::bad_format));
static_assert(PHI_ERR_UNSUPPORTED == static_cast<int>(Code::unsupported));
static_assert(PHI_ERR_OUT_OF_MEMORY == static_cast<int>(Code::out_of_memory));
static_assert(PHI_ERR_OVER_BUDGET == static_cast<int>(Code::over_budget));
static_assert(PHI_ERR_CONTEXT_FULL == static_cast<int>(Code::context_full));
static_assert(PHI_ERR_CANCELLED == static_cast<int>(Code::cancelled));
static_assert(PHI_ERR_INTERNAL == static_cast<int>(Code::internal));
static_assert(PHI_WEIGHTS_AS_STORED == static_cast<int>(phi::Weights::as_stored));
static_assert(PHI_WEIGHTS_F32 == static_cast<int>(phi::Weights::f32));
static_assert(PHI_WEIGHTS_BF16 == static_cast<int>(phi::Weights::bf16));
static_assert(PHI_WEIGHTS_INT8 == static_cast<int>(phi::Weights::int8));
static_assert(PHI_WEIGHTS_INT4 == static_cast<int>(phi::Weights::int4));
static_assert(PHI_ISA_BEST == static_cast<int>(phi::Isa::best));
static_assert(PHI_ISA_BASE == static_cast<int>(phi::Isa::base));
static_assert(PHI_ISA_AVX2 == static_cast<int>(phi::Isa::avx2));
static_assert(PHI_ISA_AVX512 == static_cast<int>(phi::Isa::avx512));
static_assert(PHI_ISA_AVX512_VNNI == static_cast<int>(phi::Isa::avx512_vnni));
static_assert(PHI_KV_BF16 == static_cast<int>(phi::Kv::bf16));
static_assert(PHI_KV_F32 == static_cast<int>(phi::Kv::f32));
static_assert(PHI_KV_INT8 == static_cast<int>(phi::Kv::int8));

}  // namespace

uint32_t PHI_CALL phi_abi_version(void) { return PHI_ABI_VERSION; }

const char* PHI_CALL phi_version_string(void) { return PHI_VERSION; }

const char* PHI_CALL phi_status_name(phi_status s) {
  switch (s) {
    case PHI_OK:
      return "PHI_OK";
    case PHI_END:
      return "PHI_END";
    case PHI_PENDING:
      return "PHI_PENDING";
    case PHI_ERR_INVALID_ARGUMENT:
      return "PHI_ERR_INVALID_ARGUMENT";
    case PHI_ERR_OUT_OF_RANGE:
      return "PHI_ERR_OUT_OF_RANGE";
    case PHI_ERR_BUFFER_TOO_SMALL:
      return "PHI_ERR_BUFFER_TOO_SMALL";
    case PHI_ERR_NOT_FOUND:
      return "PHI_ERR_NOT_FOUND";
    case PHI_ERR_IO:
      return "PHI_ERR_IO";
    case PHI_ERR_BAD_FORMAT:
      return "PHI_ERR_BAD_FORMAT";
    case PHI_ERR_UNSUPPORTED:
      return "PHI_ERR_UNSUPPORTED";
    case PHI_ERR_OUT_OF_MEMORY:
      return "PHI_ERR_OUT_OF_MEMORY";
    case PHI_ERR_OVER_BUDGET:
      return "PHI_ERR_OVER_BUDGET";
    case PHI_ERR_CONTEXT_FULL:
      return "PHI_ERR_CONTEXT_FULL";
    case PHI_ERR_CANCELLED:
      return "PHI_ERR_CANCELLED";
    case PHI_ERR_INTERNAL:
      return "PHI_ERR_INTERNAL";
    default:
      return "PHI_UNKNOWN";
  }
}
