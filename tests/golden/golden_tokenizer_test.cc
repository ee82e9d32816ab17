// The tokenizers of the golden models against Hugging Face's.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "golden/golden_case.h"
#include "phi/tokenizer.h"

namespace {

using namespace phi::test;
using phi::ShowSpecials;
using phi::Specials;
using phi::Tokenizer;

/// A GGUF file does not say that the text is normalised first; what a combining mark becomes is
/// then not the folder's matter.
bool has_combining_mark(const std::string& text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]),
               next = static_cast<unsigned char>(text[i + 1]);
    if (lead == 0xCC || (lead == 0xCD && next < 0xB0)) return true;  // U+0300..U+036F
  }
  return false;
}

}  // namespace

TEST_SUITE_BEGIN("tokenizer");

TEST_CASE("texts give the reference ids and come back whole") {
  size_t texts = 0;
  auto check = [&](const GoldenCase& golden, const std::string& path) {
    CAPTURE(path);
    const Tokenizer tokenizer = Tokenizer::open(path);
    for (const TokenizerText& text : golden.texts) {
      if (golden.is_gguf && path == golden.model && has_combining_mark(text.text)) continue;
      CAPTURE(text.text);
      CHECK(differs(tokenizer.encode(text.text, Specials::parse), text.ids) == "");
      if (!has_combining_mark(text.text))
        CHECK(tokenizer.decode(text.ids, ShowSpecials::yes) == text.text);
      ++texts;
    }
  };
  for (const GoldenCase& golden : folder_cases()) {
    check(golden, golden.model);
    check(golden, golden.model + "/tokenizer.json");
  }
  for (const GoldenCase& golden : gguf_cases()) {
    check(golden, golden.model);
    const std::string beside =
        std::filesystem::path(golden.model).parent_path().string() + "/tokenizer.json";
    if (std::filesystem::exists(beside)) check(golden, beside);
  }
  CHECK(texts > 100);
}

TEST_SUITE_END();
