// Goes on with a text, through the C++ API.   usage: complete [[MODEL] PROMPT [TOKENS]]
//
// Ctrl-C stops the text. Without MODEL it is phi-nano that goes on.

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "phi/text_stream.h"

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

namespace {

volatile std::sig_atomic_t interrupted = 0;

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
  options.keep_going = [](double) { return interrupted == 0; };  // asked during a long prompt
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
    if (end || interrupted != 0) break;
    std::cout << stream.push(token).text << std::flush;
  }
  std::cout << stream.flush() << "\n";
}

/// What to do about an error; "" where its message says it all.
const char* advice(phi::Code code) {
  switch (code) {
    case phi::Code::not_found:
      return "\n(name a Hugging Face folder or a .gguf or .phi file)";
    case phi::Code::context_full:
      return "\n(the prompt is too long for the model: shorten it)";
    case phi::Code::out_of_memory:
      return "\n(close other programs, or take a smaller model)";
    default:
      return "";
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 4) {
    std::cerr << "usage: " << argv[0] << " [[MODEL] PROMPT [TOKENS]]\n";
    return 2;
  }
  const char* model = argc > 2 ? argv[1] : DEFAULT_MODEL;
  const char* prompt = argc > 1
                           ? argv[argc > 2 ? 2 : 1]
                           : "Somebody asks: What is 47 + 38? We think: 47+38: ones 7+8=15, tens";
  const int tokens = argc > 3 ? std::atoi(argv[3]) : 128;

  std::signal(SIGINT, [](int) { interrupted = 1; });
  try {
    complete(model, prompt, tokens);
  } catch (const phi::Error& error) {
    if (error.code() == phi::Code::cancelled) return 0;
    std::cerr << argv[0] << ": " << error.what() << advice(error.code()) << "\n";
    return 1;
  }
  return 0;
}
