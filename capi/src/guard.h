/// The wall between C++ and C: whatever happens behind it, the caller gets a status and a message,
/// and no exception.
#ifndef PHI_CAPI_GUARD_H_
#define PHI_CAPI_GUARD_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "phi.h"
#include "phi/error.h"

namespace phi::capi {

/// Copies `text` with a NUL to `out` [capacity], cut at a code point if it is too long.
void copy_text(std::string_view text, char* out, size_t capacity) noexcept;

/// Fills *err, if there is one, and returns `status`. No heap, no thread-local state.
phi_status report(phi_error* err, phi_status status, std::string_view message) noexcept;

/// report() for the exception that is being handled.
phi_status report_exception(phi_error* err) noexcept;

/// Runs the body of one C function; it returns PHI_OK or an information, and throws errors.
template <class Body>
phi_status guard(phi_error* err, Body&& body) noexcept {
  try {
    return report(err, body(), "");
  } catch (...) {
    return report_exception(err);
  }
}

/// The argument, or Error{invalid_argument} with its name when it is NULL.
template <class T>
T& required(T* argument, const char* name) {
  if (argument == nullptr) throw Error(Code::invalid_argument, std::string(name) + ": NULL");
  return *argument;
}

/// An output of the call, which is NULL or 0 until the call has succeeded.
template <class T>
T& output(T* argument, const char* name) {
  required(argument, name) = T{};
  return *argument;
}

/// An array or a text of the caller; NULL is fine when it is empty.
template <class T>
std::span<const T> input(const T* data, size_t count, const char* name) {
  if (count > 0) (void)required(data, name);
  return {data, count};
}
inline std::string_view input_text(const char* text, size_t bytes, const char* name) {
  if (bytes > 0) (void)required(text, name);
  return {text, bytes};
}

/// A switch that crosses as an integer.
inline bool flag(int64_t value, const char* name) {
  if (value != 0 && value != 1) {
    throw Error(Code::invalid_argument,
                std::string(name) + ": " + std::to_string(value) + " is neither 0 nor 1");
  }
  return value == 1;
}

/// Where a call writes a number of things that the caller does not know beforehand.
template <class T>
struct Buffer {
  T* data;
  size_t capacity;
  size_t* needed;
  const char* name;
  const char* needed_name;

  /// To be called first: checks the arguments and sets *needed to 0.
  void check() const {
    output(needed, needed_name);
    if (capacity > 0) (void)required(data, name);
  }

  /// Writes all of `values` or, with Error{buffer_too_small}, nothing; *needed is set in both
  /// cases.
  phi_status write(std::span<const T> values) const {
    *needed = values.size();
    if (values.size() > capacity) {
      throw Error(Code::buffer_too_small, std::string(name) + ": room for " +
                                              std::to_string(capacity) + ", " +
                                              std::to_string(values.size()) + " needed");
    }
    for (size_t i = 0; i < values.size(); ++i) data[i] = values[i];
    return PHI_OK;
  }
};

}  // namespace phi::capi

#endif  // PHI_CAPI_GUARD_H_
