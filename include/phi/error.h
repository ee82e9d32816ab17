/// The one exception type that leaves this library, and the codes that it carries.
#ifndef PHI_ERROR_H_
#define PHI_ERROR_H_

#include <cstdint>
#include <stdexcept>
#include <string>

namespace phi {

/// What went wrong. The values are those of `phi_status` in the C API: they never change and are
/// never reused.
enum class Code : int32_t {
  invalid_argument = -10,
  out_of_range = -11,
  buffer_too_small = -12,
  not_found = -20,
  io = -21,
  bad_format = -22,
  unsupported = -23,
  out_of_memory = -30,
  over_budget = -31,
  context_full = -40,
  cancelled = -41,
  internal = -90,
};

/// Thrown by every fallible call. `what()` is one line, lower case, that names the file, tensor or
/// value at fault.
class Error final : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const noexcept { return code_; }

 private:
  Code code_;
};

}  // namespace phi

#endif  // PHI_ERROR_H_
