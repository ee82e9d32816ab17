// Any text through tokenizers of several kinds: encoding and decoding give valid ids and valid
// UTF-8.
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "phi/tokenizer.h"
#include "support/test_paths.h"

namespace {

const std::vector<phi::Tokenizer>& tokenizers() {
  static const std::vector<phi::Tokenizer> all = [] {
    std::vector<phi::Tokenizer> opened;
    for (const char* name :
         {"c1_phi4", "c5_qwen2", "c6_llama3", "bad/good.gguf", "gguf/g1_phi4/g1_phi4-Q2_K.gguf"}) {
      opened.push_back(
          phi::Tokenizer::open(phi::test::test_data(std::string("golden/data/") + name)));
    }
    return opened;
  }();
  return all;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = phi::test::as_text(data, size);
  for (const phi::Tokenizer& tokenizer : tokenizers()) {
    for (const auto specials : {phi::Specials::as_text, phi::Specials::parse}) {
      const auto ids = tokenizer.encode(text, specials);
      for (const phi::Token id : ids) {
        if (id < 0 || static_cast<uint32_t>(id) >= tokenizer.info().vocab_size) std::abort();
      }
      tokenizer.decode(ids, phi::ShowSpecials::yes);
    }
  }
  return 0;
}
