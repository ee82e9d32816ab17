/// The edge of the C++ API: phi::Error is the only exception that passes it.
#ifndef PHI_API_PUBLIC_CALL_H_
#define PHI_API_PUBLIC_CALL_H_

#include <new>
#include <stdexcept>

#include "phi/error.h"

namespace phi::detail {

/// Throws Error{out_of_memory}, without its words if there is no memory even for them.
[[noreturn]] inline void throw_out_of_memory(const char* words) {
  try {
    throw Error(Code::out_of_memory, words);
  } catch (const std::bad_alloc&) {
    throw Error(Code::out_of_memory, "");
  }
}

/// Runs the body of one public call. What the standard library throws for want of memory becomes
/// Error{out_of_memory}.
template <class Body>
decltype(auto) public_call(Body&& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    throw_out_of_memory("out of memory");
  } catch (const std::length_error&) {
    throw_out_of_memory("out of memory: a size is beyond what the system can address");
  }
}

}  // namespace phi::detail

#endif  // PHI_API_PUBLIC_CALL_H_
