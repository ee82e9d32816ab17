// Any bytes as a whole model: opened, and one token run where it loads.
#include <cstdlib>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    phi::ModelOptions options;
    options.threads = 1;
    options.memory_limit_bytes = uint64_t{256} << 20;
    const phi::Model model = phi::Model::open_memory(phi::test::as_input(data, size), options);
    phi::SessionOptions session_options;
    session_options.threads = 1;
    session_options.context = 8;
    phi::Session session(model, session_options);
    const phi::Token token = 0;
    session.append(std::span(&token, 1));
    const phi::Token next = session.next().token;
    if (next < 0 || static_cast<uint32_t>(next) >= model.info().vocab_size) std::abort();
  } catch (const phi::Error&) {
  }
  return 0;
}
