/// What every fuzz target offers: libFuzzer's entry point, and with other compilers the replay
/// driver's.
#ifndef PHI_FUZZ_FUZZ_TARGET_H_
#define PHI_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Returns 0. phi::Error is an expected answer to bad input; whatever else leaves it is a finding.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace phi::test {

inline std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline std::span<const std::byte> as_input(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace phi::test

#endif  // PHI_FUZZ_FUZZ_TARGET_H_
