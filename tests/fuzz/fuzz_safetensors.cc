// Any bytes as a safetensors file; the data of every tensor must lie inside it.
#include <cstddef>

#include "fuzz/fuzz_target.h"
#include "io/safetensors.h"
#include "phi/error.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    volatile unsigned sum = 0;
    for (const auto& tensor :
         phi::io::parse_safetensors(phi::test::as_input(data, size), "input")) {
      if (!tensor.data.empty())
        sum = sum + std::to_integer<unsigned>(tensor.data.front()) +
              std::to_integer<unsigned>(tensor.data.back());
    }
  } catch (const phi::Error&) {
  }
  return 0;
}
