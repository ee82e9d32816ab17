#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "kernels/dispatch.h"
#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "support/compare.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace phi {

namespace {

std::string small_folder() { return test::test_data("golden/data/c1_phi4"); }

Code open_error(const std::string& path, const ModelOptions& options = {},
                std::string* message = nullptr) {
  try {
    (void)Model::open(path, options);
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  return Code{};
}

std::vector<float> some_logits(const Model& model) {
  SessionOptions options;
  options.kv = Kv::f32;
  Session session(model, options);
  const std::vector<Token> tokens = {5, 17, 300, 4, 4, 99};
  session.append(tokens);
  const auto logits = session.logits();
  return {logits.begin(), logits.end()};
}

}  // namespace

TEST_CASE("info says what config.json says") {
  const ModelInfo info = Model::open(small_folder()).info();
  CHECK(info.layers == 3);
  CHECK(info.hidden == 64);
  CHECK(info.heads == 4);
  CHECK(info.kv_heads == 2);
  CHECK(info.head_dim == 16);
  CHECK(info.vocab_size == 1003);
  CHECK(info.context == 512);
  CHECK(info.architecture == "phi3");
  CHECK(info.parameters == 257856);  // golden.json
  CHECK(info.weights == Weights::as_stored);
  CHECK(info.weight_bytes >= 257856 * sizeof(float));
}

TEST_CASE("the tokenizer of a model knows its control tokens") {
  const Model model = Model::open(small_folder());
  const TokenizerInfo info = model.tokenizer().info();
  CHECK(info.vocab_size == 1003);
  CHECK(info.bos == 995);
  CHECK(info.pad == 1002);
  CHECK_FALSE(info.adds_bos);
  REQUIRE(!info.end.empty());
  CHECK(info.end[0] == 998);
}

TEST_CASE("what cannot be opened says why") {
  const test::TempDir folder;
  std::string message;
  CHECK(open_error(folder / "nothing", {}, &message) == Code::not_found);
  CHECK_MESSAGE(message.find("nothing") != std::string::npos, message);
  test::write_file(folder / "text", "neither fish nor fowl");
  CHECK(open_error(folder / "text", {}, &message) == Code::bad_format);
  CHECK_MESSAGE(message.find("neither a directory") != std::string::npos, message);
  test::write_file(folder / "empty", "");
  CHECK(open_error(folder / "empty") == Code::bad_format);
  CHECK(open_error(folder.path()) == Code::not_found);  // no config.json
  CHECK(open_error(small_folder() + "/model.safetensors", {}, &message) == Code::bad_format);
  CHECK_MESSAGE(message.find("give the directory") != std::string::npos, message);
  ModelOptions options;
  options.isa = static_cast<Isa>(99);
  CHECK(open_error(small_folder(), options, &message) == Code::invalid_argument);
  CHECK(message.find("isa") != std::string::npos);
  options = {};
  options.weights = static_cast<Weights>(-1);
  CHECK(open_error(small_folder(), options, &message) == Code::invalid_argument);
  CHECK(message.find("weights") != std::string::npos);
  options = {};
  options.threads = -3;
  CHECK(open_error(small_folder(), options, &message) == Code::out_of_range);
  CHECK(message.find("threads") != std::string::npos);
}

TEST_CASE("a model without a tokenizer works with ids alone") {
  const test::TempDir folder;
  test::copy_model_folder(small_folder(), folder / "model");
  std::filesystem::remove(folder / "model/tokenizer.json");
  std::string warning;
  ModelOptions options;
  options.log = [&](int32_t level, const char* line) {
    if (level == 2) warning += line;
  };
  const Model model = Model::open(folder / "model", options);
  CHECK(warning.find("no tokenizer") != std::string::npos);
  CHECK(model.tokenizer().info().vocab_size == 0);
  CHECK_THROWS_AS(model.tokenizer().encode("x"), Error);
  CHECK(test::differs_in_bits(some_logits(model), some_logits(Model::open(small_folder())), 1003) ==
        "");
}

/// A model and what was logged while it was opened.
struct LoggedModel {
  explicit LoggedModel(const std::string& path, ModelOptions options = {})
      : model(open(path, options)) {}
  Model open(const std::string& path, ModelOptions& options) {
    options.log = [this](int32_t, const char* line) { log += line; };
    return Model::open(path, options);
  }
  bool says(const char* words) const { return log.find(words) != std::string::npos; }
  std::string log;
  Model model;
};

TEST_CASE("repacking is logged, can be forbidden, and is done once for a packed file") {
  const bool has_strips = kernels::select_kernels(Isa::best).strips != nullptr;
  const std::string gguf = test::test_data("golden/data/gguf/g1_phi4/g1_phi4-Q4_0.gguf");
  const test::TempDir folder;
  const std::string packed = folder / "model.phi";
  Model::convert(gguf, packed);

  const LoggedModel repacked(gguf), mapped(packed);
  CHECK(repacked.says("repacked to strips") == has_strips);
  CHECK(!mapped.says("repacked"));
  CHECK(some_logits(mapped.model) == some_logits(repacked.model));

  ModelOptions never;
  never.repack = Repack::never;
  const LoggedModel as_stored(gguf, never);
  CHECK(!as_stored.says("repacked"));
  CHECK((some_logits(as_stored.model) == some_logits(repacked.model)) == !has_strips);

  for (const Isa isa : {Isa::base, Isa::avx2, Isa::avx512}) {
    ModelOptions capped;
    capped.isa = isa;
    const bool takes_strips = kernels::select_kernels(isa).strips != nullptr;
    const LoggedModel from_packed(packed, capped);
    CHECK(from_packed.says("repacked to rows") == (has_strips && !takes_strips));
    CHECK(some_logits(from_packed.model) == some_logits(LoggedModel(gguf, capped).model));
  }

  ModelOptions unknown;
  unknown.repack = static_cast<Repack>(7);
  std::string message;
  CHECK(open_error(gguf, unknown, &message) == Code::invalid_argument);
  CHECK(message.find("repack: 7") != std::string::npos);
}

TEST_CASE("a packed file is the same model") {
  const test::TempDir folder;
  const std::string packed = folder / "model.phi";
  Model::convert(small_folder(), packed);
  const Model original = Model::open(small_folder()), copy = Model::open(packed);
  CHECK(test::differs_in_bits(some_logits(copy), some_logits(original), 1003) == "");
  CHECK(copy.info().parameters == original.info().parameters);
  const std::string text = "The software is provided \"as is\"";
  CHECK(copy.tokenizer().encode(text) == original.tokenizer().encode(text));
  const std::vector<Message> chat = {{"user", "hello"}};
  CHECK(copy.tokenizer().render_chat(chat, GenerationPrompt::yes) ==
        original.tokenizer().render_chat(chat, GenerationPrompt::yes));
  CHECK(Tokenizer::open(packed).encode(text) == original.tokenizer().encode(text));
  SUBCASE("from memory too") {
    const std::string bytes = test::read_file(packed);
    const Model mapped = Model::open_memory(test::as_bytes(bytes));
    CHECK(test::differs_in_bits(some_logits(mapped), some_logits(original), 1003) == "");
    CHECK_THROWS_AS(Model::open_memory(test::as_bytes("GGU")), Error);
    CHECK_THROWS_AS(Model::open_memory(test::as_bytes(bytes.substr(0, bytes.size() / 2))), Error);
  }
  SUBCASE("with other weights") {
    ModelOptions options;
    options.weights = Weights::int8;
    Model::convert(small_folder(), packed, options);
    const Model int8 = Model::open(packed);
    CHECK(int8.info().weight_bytes < original.info().weight_bytes / 2);
    ModelOptions direct;
    direct.weights = Weights::int8;
    CHECK(test::differs_in_bits(some_logits(int8), some_logits(Model::open(small_folder(), direct)),
                                1003) == "");
  }
}

TEST_CASE("a cancelled load or conversion leaves nothing") {
  const test::TempDir folder;
  ModelOptions options;
  int calls = 0;
  options.weights = Weights::int8;
  options.keep_going = [&](double done) {
    CHECK(done >= 0);
    CHECK(done <= 1);
    ++calls;
    return false;
  };
  CHECK(open_error(small_folder(), options) == Code::cancelled);
  CHECK(calls == 1);
  CHECK_THROWS_AS(Model::convert(small_folder(), folder / "x.phi", options), Error);
  CHECK(test::sorted_entries(folder.path()).empty());
}

TEST_CASE("the memory limit covers weights and every session") {
  const uint64_t weights = Model::open(small_folder()).info().weight_bytes;
  ModelOptions options;
  options.memory_limit_bytes = weights / 2;
  CHECK(open_error(small_folder(), options) == Code::over_budget);

  SessionOptions session_options;
  session_options.threads = 1;
  const Memory memory = Model::estimate(small_folder(), {}, session_options);
  CHECK(memory.weights == weights);
  CHECK(memory.total == memory.weights + memory.cache + memory.scratch);
  CHECK(memory.cache ==
        3ull * 2 * 2 * 512 * 16 * 2);  // layers, keys and values, heads, positions, head_dim, bf16
  CHECK(memory.peak_while_loading >= memory.weights);

  options.memory_limit_bytes = std::max(memory.total, memory.peak_while_loading);
  const Model model = Model::open(small_folder(), options);
  {
    const Session first(model, session_options);
    try {
      const Session second(model, session_options);
      FAIL("must be refused");
    } catch (const Error& error) {
      CHECK(error.code() == Code::over_budget);
    }
  }
  const Session after(model, session_options);
  CHECK(after.context() == 512);
}

}  // namespace phi
