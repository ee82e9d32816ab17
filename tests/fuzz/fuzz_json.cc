// Any text as JSON; what parses must survive being written and read again.
#include <cstdlib>

#include "fuzz/fuzz_target.h"
#include "io/json.h"
#include "phi/error.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto value = phi::io::Json::parse(phi::test::as_text(data, size), "input");
    const std::string once = value.dump();
    if (phi::io::Json::parse(once, "dump").dump() != once) std::abort();
  } catch (const phi::Error&) {
  }
  return 0;
}
