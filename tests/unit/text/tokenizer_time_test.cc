// Encoding takes n log n time at most, whatever the text.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "support/test_paths.h"
#include "text/tokenizer_core.h"

using phi::Specials;
using phi::text::TokenizerCore;

namespace {

constexpr size_t kMegabyte = 1 << 20;

std::string repeated(const std::string& unit, size_t bytes) {
  std::string text;
  text.reserve(bytes + unit.size());
  while (text.size() < bytes) text += unit;
  return text;
}

std::string random_bytes(size_t bytes) {
  std::string text(bytes, '\0');
  uint64_t state = 1;
  for (char& c : text) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(state >> 56);
  }
  return text;
}

double seconds_to_encode(const TokenizerCore& tokenizer, const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  const auto ids = tokenizer.encode(text, Specials::parse);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  CHECK(!ids.empty());
  return taken.count();
}

enum class Doubling : int32_t { unchecked, checked };

void check_times(const std::string& name, const TokenizerCore& tokenizer, Doubling doubling) {
  struct Hard {
    std::string name, unit;
  };
  double slowest = 0;
  for (const Hard& hard :
       {Hard{"a", "a"}, Hard{"A", "A"}, Hard{"space", " "}, Hard{"newline", "\n"}, Hard{"!", "!"},
        Hard{"é", "é"}, Hard{"marks out of order", "\xCC\x81\xCC\xA3"}, Hard{"<", "<"},
        Hard{"space newline", " \n"}, Hard{"digits", "1"},
        Hard{"control tokens", "<|im_end|>  "}}) {
    const double once = seconds_to_encode(tokenizer, repeated(hard.unit, kMegabyte));
    CHECK_MESSAGE(once < 2, name, ": ", hard.name);
    slowest = std::max(slowest, once);
    if (doubling == Doubling::unchecked) continue;
    const double twice = seconds_to_encode(tokenizer, repeated(hard.unit, 2 * kMegabyte));
    CHECK_MESSAGE(twice < 4 * once + 0.2, name, ": ", hard.name);
  }
  slowest = std::max(slowest, seconds_to_encode(tokenizer, random_bytes(kMegabyte)));
  CHECK(slowest < 2);
  std::printf("%s: at most %.2f s for 1 MiB\n", name.c_str(), slowest);
}

}  // namespace

TEST_CASE("a megabyte of one character, for the small tokenizers") {
  for (const std::string model : {"c1_phi4", "c5_qwen2", "c6_llama3"}) {
    const std::string path = phi::test::test_data("golden/data/" + model + "/tokenizer.json");
    if (!std::filesystem::exists(path)) {
      std::printf("skipped: %s is not there\n", path.c_str());
      continue;
    }
    check_times(model, TokenizerCore(phi::text::spec_from_json_file(path)), Doubling::checked);
  }
}

TEST_CASE("a megabyte of one character, for the real vocabularies") {
  for (const std::string model : {"phi4", "phi3", "qwen2_5", "llama3_1", "gpt4o"}) {
    if (const auto folder = phi::test::external_data("data/tokenizers/" + model)) {
      check_times(model, TokenizerCore(phi::text::spec_from_folder(*folder)), Doubling::unchecked);
    }
  }
  if (const auto path = phi::test::external_data("data/gguf_vocab/ggml-vocab-phi-3.gguf")) {
    check_times("phi-3 (GGUF)",
                TokenizerCore(phi::text::spec_from_gguf(phi::io::Gguf::open(*path))),
                Doubling::unchecked);
  }
}
