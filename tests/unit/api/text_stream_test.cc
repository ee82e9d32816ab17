#include "phi/text_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "phi/error.h"
#include "support/test_paths.h"

namespace phi {

namespace {

Tokenizer small_tokenizer() { return Tokenizer::open(test::test_data("golden/data/c1_phi4")); }

std::string stream_all(const Tokenizer& tokenizer, const std::vector<Token>& tokens,
                       const StreamOptions& options = {}) {
  TextStream stream(tokenizer, options);
  std::string text;
  for (const Token token : tokens) text += stream.push(token).text;
  text += stream.flush();
  return text;
}

}  // namespace

TEST_CASE("streamed text is the decoded text") {
  const Tokenizer tokenizer = small_tokenizer();
  const std::vector<std::string> texts = {
      "Permission is hereby granted", "na\xC3\xAFve \xE2\x82\xAC 5 \xF0\x9F\x98\x80!",
      " leading and trailing ", "a\n\n\tb\xE4\xBD\xA0\xE5\xA5\xBD"};
  for (const std::string& text : texts) {
    const std::vector<Token> tokens = tokenizer.encode(text);
    CHECK(stream_all(tokenizer, tokens) == tokenizer.decode(tokens));
    CHECK(stream_all(tokenizer, tokens) == text);
  }
  std::vector<Token> every_token;
  for (uint32_t token = 0; token < tokenizer.info().vocab_size; ++token)
    every_token.push_back(static_cast<Token>(token));
  for (const ShowSpecials specials : {ShowSpecials::no, ShowSpecials::yes}) {
    CHECK(stream_all(tokenizer, every_token, {.specials = specials, .stops = {}}) ==
          tokenizer.decode(every_token, specials));
  }
}

TEST_CASE("a piece never ends inside a code point") {
  const Tokenizer tokenizer = small_tokenizer();
  TextStream stream(tokenizer);
  std::string text;
  for (const Token token : tokenizer.encode("\xF0\x9F\x98\x80\xF0\x9F\x9A\x80")) {
    text += stream.push(token).text;
    CHECK(text.size() % 4 == 0);
  }
  CHECK(text == "\xF0\x9F\x98\x80\xF0\x9F\x9A\x80");
}

TEST_CASE("a stop string ends the text before it, wherever tokens lie") {
  const Tokenizer tokenizer = small_tokenizer();
  StreamOptions options;
  options.stops = {"granted, free", "never"};
  TextStream stream(tokenizer, options);
  std::string text;
  bool stopped = false;
  for (const Token token : tokenizer.encode("Permission is hereby granted, free of charge")) {
    const TextStream::Piece piece = stream.push(token);
    text += piece.text;
    if (stopped) {
      CHECK(piece.text.empty());
      CHECK(piece.stopped);
    }
    stopped = stopped || piece.stopped;
  }
  CHECK(stopped);
  CHECK(text == "Permission is hereby ");
  CHECK(stream.flush().empty());
  text.clear();
  for (const Token token : tokenizer.encode("granted")) text += stream.push(token).text;  // as new
  CHECK(text.empty());  // held back
  CHECK(stream.flush() == "granted");
}

TEST_CASE("ids outside the vocabulary are refused") {
  TextStream stream(small_tokenizer());
  for (const Token token : {-1, 1 << 30}) {
    try {
      (void)stream.push(token);
      FAIL("must be refused");
    } catch (const Error& error) {
      CHECK(error.code() == Code::out_of_range);
    }
  }
}

TEST_CASE("one leading space goes where SentencePiece drops it") {
  const auto folder = test::external_data("data/tokenizers/llama2");
  if (!folder) return;
  const Tokenizer tokenizer = Tokenizer::open(*folder + "/tokenizer.json");
  std::vector<Token> tokens = tokenizer.encode("Once upon a time");
  CHECK(stream_all(tokenizer, tokens) == "Once upon a time");
  tokens.insert(tokens.begin(), 1);  // <s>, which is not shown
  CHECK(stream_all(tokenizer, tokens) == "Once upon a time");
  const std::vector<Token> two = tokenizer.encode("  two");
  CHECK(stream_all(tokenizer, two) == tokenizer.decode(two));
}

}  // namespace phi
