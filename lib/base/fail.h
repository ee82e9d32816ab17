/// Throwing phi::Error with a message put together from parts.
#ifndef PHI_BASE_FAIL_H_
#define PHI_BASE_FAIL_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "phi/error.h"

namespace phi {

namespace detail {
inline void append_part(std::string& out, std::string_view part) { out += part; }
inline void append_part(std::string& out, char part) { out += part; }
template <class Number>
requires std::is_arithmetic_v<Number>
void append_part(std::string& out, Number part) { out += std::to_string(part); }
}  // namespace detail

/// "tensor '", name, "': ", rows, " rows" in one string.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append_part(out, parts), ...);
  return out;
}

/// Throws Error{code, concat(parts...)}. Messages are lower case, one line, no full stop, and name
/// the offender.
template <class... Parts>
[[noreturn]] void fail(Code code, const Parts&... parts) {
  throw Error(code, concat(parts...));
}

/// "[5120, 17920]"
std::string shape_string(std::span<const uint64_t> shape);

/// `text` for use inside a message: control characters and bytes that are not UTF-8 become '?', cut
/// to 80 bytes.
std::string printable(std::string_view text);

}  // namespace phi

#endif  // PHI_BASE_FAIL_H_
