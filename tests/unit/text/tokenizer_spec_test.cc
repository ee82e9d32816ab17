#include "text/tokenizer_spec.h"

#include <doctest/doctest.h>

#include <string>

#include "io/json.h"
#include "io/mapped_file.h"
#include "phi/error.h"
#include "support/test_files.h"
#include "support/test_paths.h"
#include "text/tokenizer_core.h"
#include "text/tokenizer_json.h"
#include "text_vectors.h"

using phi::Code;
using phi::Error;
using phi::ShowSpecials;
using phi::Specials;
using phi::io::Json;
using phi::text::TokenizerCore;
using phi::text::TokenizerSpec;
using Place = TokenizerCore::Place;

namespace {

/// A byte-level tokenizer.json whose parts can be exchanged.
struct Parts {
  std::string vocab = R"({"a": 0, "b": 1, "ab": 2, "Ġ": 3, "Ġa": 4})";
  std::string merges = R"(["a b", ["Ġ", "a"]])";
  std::string model = "";  // further members
  std::string added = "[]";
  std::string normalizer = "null";
  std::string pre_tokenizer =
      R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": true})";
  std::string decoder = R"({"type": "ByteLevel"})";
  std::string post_processor = "null";

  std::string json() const {
    return R"({"model": {"type": "BPE", "vocab": )" + vocab + R"(, "merges": )" + merges + model +
           R"(}, "added_tokens": )" + added + R"(, "normalizer": )" + normalizer +
           R"(, "pre_tokenizer": )" + pre_tokenizer + R"(, "decoder": )" + decoder +
           R"(, "post_processor": )" + post_processor + "}";
  }
};

TokenizerSpec read(const Parts& parts) {
  return phi::text::parse_tokenizer_json(Json::parse(parts.json(), "tokenizer.json"),
                                         "tokenizer.json");
}

/// The error of reading `parts` and building a tokenizer from them.
std::pair<Code, std::string> error_of(const Parts& parts) {
  try {
    TokenizerCore tokenizer(read(parts));
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {Code::internal, "no error"};
}

}  // namespace

TEST_CASE("tokenizer.json: merges as strings and as pairs") {
  const TokenizerCore tokenizer(read({}));
  CHECK(tokenizer.encode("ab a", Specials::parse) == std::vector<phi::Token>{2, 4});
  CHECK(tokenizer.decode(std::vector<phi::Token>{2, 4}, ShowSpecials::no) == "ab a");
  CHECK(tokenizer.vocab_size() == 5);
}

TEST_CASE("tokenizer.json: what this library does not know is named") {
  const auto unsupported = [](Parts parts, const std::string& name) {
    const auto error = error_of(parts);
    const std::string& message = error.second;
    CHECK(error.first == Code::unsupported);
    CHECK_MESSAGE(message.find(name) != std::string::npos, message);
  };
  Parts parts;
  parts.model = R"(, "dropout": 0.5)";
  unsupported(parts, "dropout");
  parts = {};
  parts.model = R"(, "end_of_word_suffix": "</w>")";
  unsupported(parts, "end_of_word_suffix");
  parts = {};
  parts.normalizer = R"({"type": "Lowercase"})";
  unsupported(parts, "Lowercase");
  parts = {};
  parts.pre_tokenizer =
      R"({"type": "Sequence", "pretokenizers": [{"type": "UnicodeScripts"}, {"type": "ByteLevel"}]})";
  unsupported(parts, "UnicodeScripts");
  parts = {};
  parts.pre_tokenizer =
      R"({"type": "Split", "pattern": {"Regex": "a"}, "behavior": "MergedWithNext", "invert": false})";
  unsupported(parts, "MergedWithNext");
  parts = {};
  parts.decoder = R"({"type": "WordPiece"})";
  unsupported(parts, "WordPiece");
  parts = {};
  parts.post_processor = R"({"type": "BertProcessing"})";
  unsupported(parts, "BertProcessing");
}

TEST_CASE("tokenizer.json: what does not hold together is an error that names it") {
  const auto bad = [](Parts parts, const std::string& name) {
    const auto error = error_of(parts);
    const std::string& message = error.second;
    CHECK(error.first == Code::bad_format);
    CHECK_MESSAGE(message.find(name) != std::string::npos, message);
  };
  Parts parts;
  parts.merges = R"(["a b", "b zz"])";
  bad(parts, "merge 1");
  parts = {};
  parts.merges = R"(["ab"])";
  bad(parts, "merge 0");
  parts = {};
  parts.merges = R"([["a", "b", "c"]])";
  bad(parts, "merge 0");
  parts = {};
  parts.vocab = R"({"a": -1})";
  bad(parts, "'a'");
  parts = {};
  parts.vocab = R"({"a": 1099511627776})";
  bad(parts, "1099511627776");
  parts = {};
  parts.vocab = R"({"a": 0, "b": 0})";
  bad(parts, "'b'");
  parts = {};
  parts.added = R"([{"id": 0, "content": "<s>", "special": true}])";
  bad(parts, "<s>");
  parts = {};
  parts.pre_tokenizer =
      R"({"type": "Sequence", "pretokenizers": [)"
      R"({"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated", "invert": false},)"
      R"({"type": "ByteLevel", "use_regex": false, "add_prefix_space": false}]})";
  bad(parts, "(a");
  parts = {};
  parts.vocab = "{}";
  parts.merges = "[]";
  bad(parts, "empty");
}

TEST_CASE("tokenizer.json: prefix spaces of both kinds") {
  Parts parts;
  parts.pre_tokenizer = R"({"type": "ByteLevel", "add_prefix_space": true, "use_regex": true})";
  CHECK(TokenizerCore(read(parts)).encode("a", Specials::parse) == std::vector<phi::Token>{4});
  CHECK(TokenizerCore(read(parts)).encode(" a", Specials::parse) == std::vector<phi::Token>{4});

  parts = {};
  parts.vocab = R"({"▁": 0, "a": 1, "▁a": 2, "<s>": 3})";
  parts.merges = R"(["▁ a"])";
  parts.added = R"([{"id": 3, "content": "<s>", "special": true}])";
  parts.decoder =
      R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false})";
  parts.pre_tokenizer = parts.decoder;
  const TokenizerCore first(read(parts));
  CHECK(first.encode("a<s>a", Specials::parse) == std::vector<phi::Token>{2, 3, 1});
  CHECK(first.encode(" a", Specials::parse) == std::vector<phi::Token>{2});
  parts.pre_tokenizer = R"({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"})";
  CHECK(TokenizerCore(read(parts)).encode("a<s>a", Specials::parse) ==
        std::vector<phi::Token>{2, 3, 2});
  CHECK(first.token_bytes(2, ShowSpecials::no, Place::middle) == " a");
  CHECK(first.token_bytes(2, ShowSpecials::no, Place::start) == "a");
  CHECK(first.token_bytes(3, ShowSpecials::no, Place::start).empty());
  CHECK(first.token_bytes(3, ShowSpecials::yes, Place::start) == "<s>");
  CHECK_THROWS_AS(first.token_bytes(4, ShowSpecials::no, Place::middle), Error);
  CHECK_THROWS_AS(first.token_bytes(-1, ShowSpecials::no, Place::middle), Error);
}

TEST_CASE("text never becomes a control token, however it merges") {
  Parts parts;
  parts.vocab = R"({"a": 0, "b": 1, "ab": 2})";
  parts.merges = R"(["a b"])";
  parts.model = R"(, "ignore_merges": true)";
  parts.added = R"([{"id": 2, "content": "ab", "special": true, "normalized": false}])";
  const TokenizerCore tokenizer(read(parts));
  CHECK(tokenizer.encode("ab", Specials::as_text) == std::vector<phi::Token>{0, 1});
  CHECK(tokenizer.encode("ab", Specials::parse) == std::vector<phi::Token>{2});
}

TEST_CASE("the neighbours of tokenizer.json") {
  const phi::test::TempDir folder;
  Parts parts;
  parts.added =
      R"([{"id": 5, "content": "<s>", "special": true}, {"id": 6, "content": "</s>", "special": true}])";
  parts.post_processor =
      R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],)"
      R"("special_tokens": {"<s>": {"ids": [5]}}})";
  phi::test::write_file(folder / "tokenizer.json", parts.json());
  TokenizerSpec spec = phi::text::spec_from_folder(folder.path());
  CHECK(spec.bos == 5);
  CHECK(spec.adds_bos);
  CHECK(spec.bos_text == "<s>");
  CHECK(spec.end == std::vector<phi::Token>{6});  // by its name

  phi::test::write_file(
      folder / "tokenizer_config.json",
      R"({"bos_token": {"content": "<s>"}, "eos_token": "ab", "pad_token": "</s>", "add_bos_token": false,)"
      R"("added_tokens_decoder": {"7": {"content": "<x>", "special": true}},)"
      R"("chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]})");
  phi::test::write_file(folder / "generation_config.json", R"({"eos_token_id": [1, 0]})");
  phi::test::write_file(folder / "config.json", R"({"eos_token_id": 3})");
  spec = phi::text::spec_from_json_file(folder / "tokenizer.json");
  CHECK(!spec.adds_bos);
  CHECK(spec.pad == 6);
  CHECK(spec.end == std::vector<phi::Token>{1, 0, 3, 2});
  CHECK(spec.chat_template == "d");
  CHECK(spec.tool_chat_template == "t");
  CHECK(spec.tokens.at(7) == "<x>");

  phi::test::write_file(folder / "chat_template.jinja", "j");
  CHECK(phi::text::spec_from_folder(folder.path()).chat_template == "j");
  CHECK_THROWS_AS(phi::text::spec_from_folder(folder / "nowhere"), Error);
}

TEST_CASE("a spec survives as text") {
  for (const std::string model : {"c1_phi4", "c5_qwen2", "c6_llama3"}) {
    const TokenizerSpec spec =
        phi::text::spec_from_folder(phi::test::test_data("golden/data/" + model));
    const std::string text = phi::text::spec_to_text(spec);
    const TokenizerSpec again = phi::text::spec_from_text(text, "test");
    CHECK(phi::text::spec_to_text(again) == text);
    CHECK(again.tokens == spec.tokens);
    CHECK(again.merges == spec.merges);
    CHECK(again.chat_template == spec.chat_template);
    CHECK(TokenizerCore(again).encode("Hello world<|im_end|>", Specials::parse) ==
          TokenizerCore(spec).encode("Hello world<|im_end|>", Specials::parse));
  }
  CHECK_THROWS_AS(phi::text::spec_from_text("{}", "test"), Error);
  CHECK_THROWS_AS(phi::text::spec_from_text("[", "test"), Error);
}

TEST_CASE("damaged tokenizers are errors or work") {
  const auto folder = phi::test::external_data("goldens/bad");
  if (!folder) return;
  const Json manifest =
      Json::parse(phi::io::read_text_file(*folder + "/manifest.json", 1 << 26), "manifest.json");
  size_t tried = 0;
  for (const Json& item : manifest.find("items")->as_array("items")) {
    const std::string kind = phi::test::text_at(item, "kind"),
                      category = phi::test::text_at(item, "category");
    const std::string path = *folder + "/" + phi::test::text_at(item, "path");
    if (kind == "hf" && category != "tokenizer") continue;
    CAPTURE(path);
    bool loaded = false;
    try {
      const TokenizerCore tokenizer(kind == "hf"
                                        ? phi::text::spec_from_folder(path)
                                        : phi::text::spec_from_gguf(phi::io::Gguf::open(path)));
      const auto ids = tokenizer.encode("Hello <|im_start|> world \xFF\n", Specials::parse);
      tokenizer.decode(ids, ShowSpecials::yes);
      loaded = true;
    } catch (const Error& error) {
      CHECK(std::string(error.what()).size() > 10);
    }
    if (category == "tokenizer" && phi::test::text_at(item, "expect") == "error") CHECK(!loaded);
    if (phi::test::text_at(item, "expect") == "load") CHECK(loaded);
    ++tried;
  }
  CHECK(tried > 50);
}
