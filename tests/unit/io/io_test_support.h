/// What the tests of lib/io share: bytes written by hand, files in a folder of their own, errors
/// caught.
#ifndef PHI_UNIT_IO_IO_TEST_SUPPORT_H_
#define PHI_UNIT_IO_IO_TEST_SUPPORT_H_

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "phi/error.h"
#include "support/test_files.h"

namespace phi::test {

/// A number as it lies in memory.
template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The phi::Error that `action` throws, if any; other exceptions pass through and fail the test.
template <class Action>
std::optional<Error> error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Checks that `action` fails with this code and a message that has `part` in it.
template <class Action>
void check_fails(const Action& action, Code code, std::string_view part) {
  const std::optional<Error> error = error_of(action);
  CAPTURE(part);
  REQUIRE(error.has_value());
  CAPTURE(std::string(error->what()));
  CHECK(error->code() == code);
  CHECK(std::string_view(error->what()).find(part) != std::string_view::npos);
}

/// Writes a file into a folder; gives its path.
inline std::string write_in(const TempDir& folder, std::string_view name, std::string_view bytes) {
  const std::string path = folder / name;
  write_file(path, bytes);
  return path;
}

}  // namespace phi::test

#endif  // PHI_UNIT_IO_IO_TEST_SUPPORT_H_
