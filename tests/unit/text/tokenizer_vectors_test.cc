// Encoding and decoding against what Hugging Face tokenizers, tiktoken, llama.cpp and
// transformers.js give.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/test_paths.h"
#include "text/tokenizer_core.h"
#include "text/unicode.h"
#include "text_vectors.h"

using phi::ShowSpecials;
using phi::Specials;
using phi::Token;
using phi::io::Json;
using phi::test::external_data;
using phi::test::ids_at;
using phi::test::joined;
using phi::test::text_at;
using phi::text::TokenizerCore;

namespace {

TokenizerCore from_json(const std::string& folder) {
  return TokenizerCore(phi::text::spec_from_json_file(folder + "/tokenizer.json"));
}

TokenizerCore from_gguf(const std::string& path) {
  return TokenizerCore(phi::text::spec_from_gguf(phi::io::Gguf::open(path)));
}

std::vector<Token> with_bos(const TokenizerCore& tokenizer, std::vector<Token> ids) {
  if (tokenizer.spec().adds_bos) ids.insert(ids.begin(), tokenizer.spec().bos);
  return ids;
}

void check_ids(const TokenizerCore& tokenizer, const Json& row, std::string_view key,
               Specials specials) {
  const std::vector<Token> ids = tokenizer.encode(text_at(row, "text"), specials);
  CHECK_MESSAGE(ids == ids_at(row, key), text_at(row, "name"), ": ", joined(ids), "\n  expected ",
                joined(ids_at(row, key)));
}

void check_hugging_face(const std::string& model, const std::string& vectors) {
  const auto folder = external_data("data/tokenizers/" + model),
             file = external_data("data/vectors/" + vectors);
  if (!folder || !file) return;
  const TokenizerCore tokenizer = from_json(*folder);
  for (const Json& row : phi::test::read_json_lines(*file)) {
    CAPTURE(text_at(row, "name"));
    check_ids(tokenizer, row, "ids", Specials::parse);
    const std::vector<Token> ids = ids_at(row, "ids");
    if (row.find("ids_with_specials"))
      CHECK(with_bos(tokenizer, ids) == ids_at(row, "ids_with_specials"));
    const std::string decoded = text_at(row, row.find("decoded") ? "decoded" : "text");
    CHECK(tokenizer.decode(ids, ShowSpecials::yes) == decoded);
  }
}

/// tiktoken's encode_ordinary: text that spells control tokens is text.
void check_tiktoken(const std::string& model, const std::string& vectors) {
  const auto folder = external_data("data/tokenizers/" + model),
             file = external_data("data/vectors/" + vectors);
  if (!folder || !file) return;
  const TokenizerCore tokenizer = from_json(*folder);
  for (const Json& row : phi::test::read_json_lines(*file)) {
    check_ids(tokenizer, row, "ids", Specials::as_text);
    CHECK(tokenizer.decode(ids_at(row, "ids"), ShowSpecials::yes) == text_at(row, "text"));
  }
}

std::vector<std::string> split_at(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  for (size_t at = 0; at != std::string::npos;) {
    const size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? end : end + separator.size();
  }
  return parts;
}

std::vector<Token> parse_ids(const std::string& line) {
  std::vector<Token> ids;
  for (const std::string& part : split_at(line, " ")) {
    if (!part.empty()) ids.push_back(static_cast<Token>(std::stol(part)));
  }
  return ids;
}

/// llama.cpp's files: texts between separators, ids in lines.
void check_llama_cpp(const TokenizerCore& tokenizer, const std::string& base) {
  const auto inputs = external_data(base + ".inp"), outputs = external_data(base + ".out");
  if (!inputs || !outputs) return;
  const auto texts = split_at(phi::io::read_text_file(*inputs, 1 << 24), "\n__ggml_vocab_test__\n");
  const auto lines = split_at(phi::io::read_text_file(*outputs, 1 << 24), "\n");
  REQUIRE(lines.size() >= texts.size() - 1);
  size_t checked = 0;
  for (size_t i = 0; i + 1 < texts.size(); ++i) {
    const std::vector<Token> ids = tokenizer.encode(texts[i], Specials::as_text);
    CHECK_MESSAGE(ids == parse_ids(lines[i]), base, " case ", i, ": '", texts[i],
                  "': ", joined(ids), "\n  expected ", lines[i]);
    ++checked;
  }
  CHECK(checked > 20);
}

void check_llama_cpp_json(const std::string& model, const std::string& base) {
  if (const auto folder = external_data("data/tokenizers/" + model))
    check_llama_cpp(from_json(*folder), base);
}

void check_llama_cpp_gguf(const std::string& vocabulary, const std::string& base) {
  if (const auto path = external_data("data/gguf_vocab/" + vocabulary))
    check_llama_cpp(from_gguf(*path), base);
}

}  // namespace

TEST_CASE("Hugging Face: Phi-4") { check_hugging_face("phi4", "hf_phi4.jsonl"); }
TEST_CASE("Hugging Face: Phi-3") { check_hugging_face("phi3", "hf_phi3.jsonl"); }
TEST_CASE("Hugging Face: Qwen2.5") { check_hugging_face("qwen2_5", "hf_qwen2_5.jsonl"); }
TEST_CASE("Hugging Face: Llama 3.1") { check_hugging_face("llama3_1", "hf_llama3_1.jsonl"); }
TEST_CASE("Hugging Face: Llama 2") { check_hugging_face("llama2", "hf_llama2.jsonl"); }
TEST_CASE("Hugging Face: o200k") { check_hugging_face("gpt4o", "hf_gpt4o.jsonl"); }
TEST_CASE("Hugging Face: cl100k") { check_hugging_face("gpt35turbo", "hf_gpt35turbo.jsonl"); }

TEST_CASE("tiktoken: cl100k") { check_tiktoken("gpt35turbo", "cl100k_base.jsonl"); }
TEST_CASE("tiktoken: o200k") { check_tiktoken("gpt4o", "o200k_base.jsonl"); }

TEST_CASE("rendered chats") {
  for (const std::string model : {"phi4", "phi3", "phi3_mini", "qwen2_5", "llama3_1"}) {
    const auto folder = external_data("data/tokenizers/" + model),
               file = external_data("data/vectors/chat_" + model + ".jsonl");
    if (!folder || !file) continue;
    const TokenizerCore tokenizer = from_json(*folder);
    for (const Json& row : phi::test::read_json_lines(*file)) {
      CAPTURE(text_at(row, "name"));
      check_ids(tokenizer, row, "ids_hf", Specials::parse);
      if (row.find("decoded_hf_skip_special")) {
        CHECK(tokenizer.decode(ids_at(row, "ids_hf"), ShowSpecials::no) ==
              text_at(row, "decoded_hf_skip_special"));
      }
    }
  }
}

TEST_CASE("llama.cpp: its cases through tokenizer.json") {
  const std::string folder = "data/vectors/llama.cpp/ggml-vocab-",
                    newer = "data/vectors/llama.cpp-2026/ggml-vocab-";
  check_llama_cpp_json("llama3_1", folder + "llama-bpe.gguf");
  check_llama_cpp_json("llama3_1", newer + "llama-bpe.gguf");
  check_llama_cpp_json("qwen2_5", folder + "qwen2.gguf");
  check_llama_cpp_json("qwen2_5", newer + "qwen2.gguf");
  check_llama_cpp_json("gpt4o", folder + "gpt-4o.gguf");
  check_llama_cpp_json("phi3", folder + "phi-3.gguf");
  check_llama_cpp_json("phi3", newer + "phi-3.gguf");
  check_llama_cpp_json("llama2", folder + "llama-spm.gguf");
}

TEST_CASE("llama.cpp: its cases through GGUF vocabularies") {
  const std::string folder = "data/vectors/llama.cpp/ggml-vocab-",
                    newer = "data/vectors/llama.cpp-2026/ggml-vocab-";
  check_llama_cpp_gguf("ggml-vocab-phi-3.gguf", folder + "phi-3.gguf");
  check_llama_cpp_gguf("ggml-vocab-phi-3.gguf", newer + "phi-3.gguf");
  check_llama_cpp_gguf("ggml-vocab-llama-spm.gguf", folder + "llama-spm.gguf");
  check_llama_cpp_gguf("ggml-vocab-gpt-2.gguf", folder + "gpt-2.gguf");
}

TEST_CASE("transformers.js") {
  struct Witness {
    std::string model, folder, vectors;
    bool has_bos;
    bool cleans_up;  // its decode removes spaces before punctuation; ours gives the text as it is
  };
  for (const Witness& witness :
       {Witness{"Xenova/llama-tokenizer", "llama2", "tfjs_llama.jsonl", true, false},
        Witness{"Xenova/llama3-tokenizer", "llama3_1", "tfjs_llama.jsonl", false, true},
        Witness{"Xenova/llama3-tokenizer-new", "llama3_1", "tfjs_llama.jsonl", true, true},
        Witness{"Xenova/Qwen1.5-0.5B-Chat", "qwen2_5", "tfjs_qwen2.jsonl", false, false}}) {
    const auto folder = external_data("data/tokenizers/" + witness.folder);
    const auto file = external_data("data/vectors/" + witness.vectors);
    if (!folder || !file) continue;
    const TokenizerCore tokenizer = from_json(*folder);
    size_t checked = 0;
    for (const Json& row : phi::test::read_json_lines(*file)) {
      if (text_at(row, "model") != witness.model) continue;
      CAPTURE(witness.model);
      CAPTURE(text_at(row, "name"));
      auto ids = tokenizer.encode(text_at(row, "text"), Specials::parse);
      if (witness.has_bos) ids = with_bos(tokenizer, ids);
      CHECK_MESSAGE(ids == ids_at(row, "ids"), text_at(row, "text"), ": ", joined(ids),
                    "\n  expected ", joined(ids_at(row, "ids")));
      if (!witness.cleans_up)
        CHECK(tokenizer.decode(ids, ShowSpecials::yes) == text_at(row, "decoded"));
      ++checked;
    }
    CHECK(checked > 20);
  }
}

TEST_CASE(
    "Hugging Face's ids for the texts of the small models, from their directories and GGUF files") {
  for (const std::string root : {"goldens", "goldens/gguf", "goldens/gguf-extra"}) {
    const auto folder = external_data(root);
    if (!folder) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
      const std::string path = entry.path().string(), suffix = ".golden.json";
      const bool of_gguf = path.ends_with(suffix),
                 of_folder = entry.path().filename() == "golden.json";
      if (!of_gguf && !of_folder) continue;
      const Json golden = Json::parse(phi::io::read_text_file(path, 1 << 26), path);
      const Json* texts = golden.find("tokenizer");
      if (!texts) continue;
      CAPTURE(path);
      const std::string base = path.substr(0, path.size() - suffix.size());
      const TokenizerCore tokenizer =
          of_gguf ? from_gguf(base + ".gguf") : from_json(entry.path().parent_path().string());
      for (const Json& row : texts->as_array("tokenizer")) {
        const std::vector<Token> ids = tokenizer.encode(text_at(row, "text"), Specials::parse);
        CHECK_MESSAGE(ids == ids_at(row, "ids"), text_at(row, "text"), ": ", joined(ids));
        if (!tokenizer.spec().nfc)
          CHECK(tokenizer.decode(ids, ShowSpecials::yes) == text_at(row, "text"));
      }
    }
  }
}
