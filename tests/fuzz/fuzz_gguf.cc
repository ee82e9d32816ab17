// Any bytes as a GGUF file, and as the tokenizer in it.
#include "fuzz/fuzz_target.h"
#include "io/gguf.h"
#include "phi/error.h"
#include "text/tokenizer_core.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto gguf = phi::io::Gguf::parse(phi::test::as_input(data, size), "input");
    volatile unsigned sum = 0;
    for (const auto& tensor : gguf.tensors()) {
      if (!tensor.data.empty())
        sum = sum + std::to_integer<unsigned>(tensor.data.front()) +
              std::to_integer<unsigned>(tensor.data.back());
    }
    const phi::text::TokenizerCore tokenizer(phi::text::spec_from_gguf(gguf));
    tokenizer.encode("a text <|end|> with 123 things", phi::Specials::parse);
  } catch (const phi::Error&) {
  }
  return 0;
}
