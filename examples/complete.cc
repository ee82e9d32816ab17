// Goes on with a text, through the C++ API.   usage: complete MODEL PROMPT [TOKENS]

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "phi/text_stream.h"

namespace {

/// The prompt as the model expects it: some want a token that marks the beginning.
std::vector<phi::Token> encode_prompt(const phi::Tokenizer& tokenizer, const std::string& prompt) {
  std::vector<phi::Token> tokens = tokenizer.encode(prompt);
  const phi::TokenizerInfo info = tokenizer.info();
  if (info.adds_bos) tokens.insert(tokens.begin(), info.bos);
  return tokens;
}

void complete(const std::string& path, const std::string& prompt, int max_tokens) {
  const phi::Model model = phi::Model::open(path);

  phi::SessionOptions options;
  options.sampling.temperature = 0.8F;
  options.sampling.top_p = 0.95F;
  phi::Session session(model, options);
  session.append(encode_prompt(model.tokenizer(), prompt));

  std::cout << prompt;
  phi::TextStream stream(model.tokenizer());
  stream.push(session.tokens()
                  .back());  // the text goes on: no new beginning, so no leading space is dropped
  for (int i = 0; i < max_tokens && session.position() < session.context(); ++i) {
    const auto [token, end] = session.next();
    if (end) break;
    std::cout << stream.push(token).text << std::flush;
  }
  std::cout << stream.flush() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: " << argv[0] << " MODEL PROMPT [TOKENS]\n";
    return 2;
  }
  try {
    complete(argv[1], argv[2], argc == 4 ? std::atoi(argv[3]) : 128);
  } catch (const phi::Error& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 1;
  }
  return 0;
}
