// Any text as a chat template, rendered with a usual conversation, and as the content of a message.
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "phi/error.h"
#include "text/chat_template.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(phi::test::as_text(data, size));
  phi::text::TokenizerSpec spec;
  spec.chat_template = text;
  spec.bos_text = "<s>";
  spec.eos_text = "</s>";
  const std::vector<phi::Message> messages = {{"system", "Be brief."},
                                              {"user", text.substr(0, 64)},
                                              {"assistant", "No."},
                                              {"user", "Why?"}};
  try {
    phi::text::ChatTemplate(spec).render(messages, phi::GenerationPrompt::yes);
  } catch (const phi::Error&) {
  }
  return 0;
}
