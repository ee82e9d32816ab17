// One model in several forms: matrices converted at load, packed files, files in memory.
#include <doctest/doctest.h>

#include <algorithm>

#include "golden/golden_case.h"
#include "golden/golden_run.h"
#include "phi/error.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;
using phi::Isa;
using phi::Kv;
using phi::Model;
using phi::ModelOptions;
using phi::Token;
using phi::Weights;

/// The longest prompt that longrope's boundary does not divide, and its reference logits.
struct Prompt {
  int64_t length = 0;
  std::vector<Token> ids;
};

Prompt longest_prompt(const GoldenCase& golden) {
  const int64_t length = golden.tensors.lengths("logits").back();
  return {length, golden.tensors.tokens("input_ids.T" + std::to_string(length))};
}

std::span<const float> reference(const GoldenCase& golden, int64_t length) {
  return golden.tensors.matrix("logits.T" + std::to_string(length)).values;
}

Model open_as(const std::string& path, Weights weights) {
  ModelOptions options;
  options.weights = weights;
  return Model::open(path, options);
}

/// Models whose rows divide into blocks of 256, in eight bits with narrow blocks.
std::vector<const GoldenCase*> wide_cases() {
  std::vector<const GoldenCase*> cases;
  for (const GoldenCase& golden : gguf_cases())
    if (golden.name.ends_with("-Q8_0")) cases.push_back(&golden);
  return cases;
}

/// Both arithmetics: the prompt's first half appended with all its logits, the rest generated.
std::vector<float> fingerprint(const Model& model, const Prompt& prompt) {
  const auto options = session_options(prompt.length, Kv::bf16);
  auto logits = append_whole(model, options, prompt.ids);
  const auto generated =
      next_forced(model, options, prompt.ids, std::max(int64_t{1}, prompt.length / 2));
  logits.insert(logits.end(), generated.begin(), generated.end());
  return logits;
}

void check_same_model(const Model& ours, const Model& expected) {
  CHECK(ours.info().architecture == expected.info().architecture);
  CHECK(ours.info().layers == expected.info().layers);
  CHECK(ours.info().context == expected.info().context);
  CHECK(ours.info().parameters == expected.info().parameters);
  CHECK(ours.tokenizer().info().end == expected.tokenizer().info().end);
  CHECK(ours.tokenizer().info().bos == expected.tokenizer().info().bos);
}

}  // namespace

TEST_SUITE_BEGIN("formats");

TEST_CASE("weights converted at load stay near the reference") {
  // float32 to the float32 bound, 16 and 8 bits to the bound of 8-bit arithmetic. In four bits each
  // weight is off by some 8 % of its block's largest, which random weights do not average out: the
  // bound is what the worst of these models shows (0.27), and structural mistakes have 1 to 2. The
  // next test compares with llama.cpp's four bits.
  struct Conversion {
    Weights weights;
    double bound;
    double worst = 0;
  };
  Conversion conversions[] = {{Weights::bf16, 5e-3}, {Weights::int8, 5e-3}, {Weights::int4, 0.3}};
  for (const GoldenCase& golden : folder_cases()) {
    CAPTURE(golden.name);
    const Prompt prompt = longest_prompt(golden);
    const auto options = session_options(prompt.length, Kv::f32);
    const auto exact = append_whole(open_as(golden.model, Weights::f32), options, prompt.ids);
    CHECK(outside_tolerance(exact, reference(golden, prompt.length), golden.f32,
                            golden.vocab_size) == "");
    for (Conversion& conversion : conversions) {
      CAPTURE(static_cast<int>(conversion.weights));
      const Model model = open_as(golden.model, conversion.weights);
      CHECK(model.info().weights == conversion.weights);
      const auto logits = append_whole(model, options, prompt.ids);
      CHECK(above_nmse(logits, reference(golden, prompt.length), conversion.bound) == "");
      conversion.worst = std::max(conversion.worst, nmse(logits, reference(golden, prompt.length)));
    }
  }
  MESSAGE("largest nmse, bf16: " << conversions[0].worst << ", int8: " << conversions[1].worst
                                 << ", int4: " << conversions[2].worst);
}

TEST_CASE("eight bits in wide blocks stay near the reference on every instruction set") {
  REQUIRE(!wide_cases().empty());
  for (const GoldenCase* golden : wide_cases()) {
    CAPTURE(golden->name);
    const Prompt prompt = longest_prompt(*golden);
    const auto options = session_options(prompt.length, Kv::f32);
    for (const Isa isa : {Isa::base, Isa::avx2, Isa::avx512, Isa::best}) {
      CAPTURE(static_cast<int>(isa));
      ModelOptions model_options;
      model_options.weights = Weights::int8;
      model_options.isa = isa;
      const Model model = Model::open(golden->model, model_options);
      const auto expected = reference(*golden, prompt.length);
      const auto logits = append_whole(model, options, prompt.ids);
      CHECK(above_nmse(logits, expected, 5e-3) == "");
      MESSAGE("nmse: " << nmse(logits, expected));
    }
  }
}

TEST_CASE("four bits lose less than in llama.cpp's files of the same model") {
  const auto exact = external_data("goldens/gguf-extra/g1_phi4/g1_phi4-F32.gguf");
  if (!exact) return;
  for (const GoldenCase& golden : gguf_cases()) {
    if (golden.name != "g1_phi4-F32") continue;
    const Prompt prompt = longest_prompt(golden);
    const auto options = session_options(prompt.length, Kv::f32);
    const auto expected = reference(golden, prompt.length);
    // The files are of one type throughout; ours spends two bits more on the token tables.
    const auto ours = append_whole(open_as(*exact, Weights::int4), options, prompt.ids);
    for (const char* type : {"Q4_0", "Q4_K"}) {
      CAPTURE(type);
      const Model theirs =
          open_as(test_data(std::string("golden/data/gguf/g1_phi4/g1_phi4-") + type + ".gguf"),
                  Weights::f32);
      const double lost_by_file = nmse(append_whole(theirs, options, prompt.ids), expected);
      CHECK(above_nmse(ours, expected, lost_by_file) == "");
      MESSAGE("nmse of " << std::string(type) << ": " << lost_by_file << ", ours "
                         << nmse(ours, expected));
    }
  }
}

TEST_CASE("fewer bits take fewer bytes") {
  const GoldenCase& golden = folder_cases().front();
  uint64_t above = open_as(golden.model, Weights::f32).info().weight_bytes;
  for (const Weights weights : {Weights::bf16, Weights::int8, Weights::int4}) {
    const uint64_t bytes = open_as(golden.model, weights).info().weight_bytes;
    CHECK(bytes < above);
    above = bytes;
  }
}

TEST_CASE("GGUF files converted to float32 give the reference to the float32 bound") {
  for (const GoldenCase& golden : gguf_cases()) {
    CAPTURE(golden.name);
    const Prompt prompt = longest_prompt(golden);
    const Model model = open_as(golden.model, Weights::f32);
    const auto options = session_options(prompt.length, Kv::f32);
    const auto logits = append_whole(model, options, prompt.ids);
    CHECK(outside_tolerance(logits, reference(golden, prompt.length), golden.f32,
                            golden.vocab_size) == "");
  }
}

TEST_CASE("a packed file gives the bits of what it was made from") {
  TempDir temporary;
  auto check = [&](const GoldenCase& golden, Weights weights) {
    CAPTURE(golden.name);
    CAPTURE(static_cast<int>(weights));
    const std::string packed = temporary / (golden.name + ".phi");
    ModelOptions options;
    options.weights = weights;
    Model::convert(golden.model, packed, options);
    const Prompt prompt = longest_prompt(golden);
    const Model source = open_as(golden.model, weights);
    const auto expected = fingerprint(source, prompt);
    const Model ours = Model::open(packed);
    check_same_model(ours, source);
    CHECK(differs_in_bits(fingerprint(ours, prompt), expected, golden.vocab_size) == "");

    const std::string bytes = read_file(packed);
    const Model in_memory = Model::open_memory(as_bytes(bytes));
    CHECK(differs_in_bits(fingerprint(in_memory, prompt), expected, golden.vocab_size) == "");
    for (const TokenizerText& text : golden.texts) {
      CHECK(differs(ours.tokenizer().encode(text.text, phi::Specials::parse),
                    source.tokenizer().encode(text.text, phi::Specials::parse)) == "");
    }
    std::filesystem::remove(packed);
  };
  for (const GoldenCase& golden : folder_cases()) check(golden, Weights::as_stored);
  for (const GoldenCase& golden : gguf_cases()) check(golden, Weights::as_stored);
  for (const Weights weights : {Weights::f32, Weights::bf16, Weights::int8, Weights::int4})
    check(folder_cases().front(), weights);
  for (const GoldenCase* golden : wide_cases()) check(*golden, Weights::int8);
}

TEST_CASE("a file that cannot be written is an error that leaves nothing behind") {
  TempDir temporary;
  const GoldenCase& golden = folder_cases().front();
  CHECK_THROWS_AS(Model::convert(golden.model, temporary / "missing/model.phi"), phi::Error);
  ModelOptions options;
  options.keep_going = [](double) { return false; };
  try {
    Model::convert(golden.model, temporary / "model.phi", options);
    FAIL_CHECK("the conversion was not cancelled");
  } catch (const phi::Error& error) {
    CHECK(error.code() == phi::Code::cancelled);
  }
  CHECK(sorted_entries(temporary.path()).empty());
}

TEST_CASE("a GGUF file in memory gives the bits of the file") {
  for (const GoldenCase& golden : gguf_cases()) {
    CAPTURE(golden.name);
    const std::string bytes = read_file(golden.model);
    const Prompt prompt = longest_prompt(golden);
    const auto expected = fingerprint(Model::open(golden.model), prompt);
    CHECK(differs_in_bits(fingerprint(Model::open_memory(as_bytes(bytes)), prompt), expected,
                          golden.vocab_size) == "");
    // A buffer of the application has any alignment.
    const std::string shifted = "x" + bytes;
    const Model unaligned = Model::open_memory(as_bytes(shifted).subspan(1));
    CHECK(differs_in_bits(fingerprint(unaligned, prompt), expected, golden.vocab_size) == "");
  }
}

TEST_CASE("every instruction set gives the reference logits") {
  // Levels that the processor lacks fall back to the best that it has.
  const GoldenCase& golden = folder_cases().front();
  for (const phi::Isa isa :
       {phi::Isa::base, phi::Isa::avx2, phi::Isa::avx512, phi::Isa::avx512_vnni}) {
    CAPTURE(static_cast<int>(isa));
    ModelOptions options;
    options.isa = isa;
    const Prompt prompt = longest_prompt(golden);
    const auto session = session_options(prompt.length, Kv::f32);
    const auto logits = append_whole(Model::open(golden.model, options), session, prompt.ids);
    CHECK(outside_tolerance(logits, reference(golden, prompt.length), golden.f32,
                            golden.vocab_size) == "");
    for (const GoldenCase& file : gguf_cases()) {
      CAPTURE(file.name);
      const Prompt short_prompt = longest_prompt(file);
      const Model model = Model::open(file.model, options);
      const auto computed =
          append_whole(model, session_options(short_prompt.length, Kv::f32), short_prompt.ids);
      CHECK(above_nmse(computed, reference(file, short_prompt.length), file.nmse_bf16) == "");
    }
  }
}

TEST_CASE("the estimate covers what is used, and a limit below it is refused") {
  for (const GoldenCase& golden : folder_cases()) {
    CAPTURE(golden.name);
    const auto session = session_options(64, Kv::f32);
    const phi::Memory memory = Model::estimate(golden.model, {}, session);
    const Model model = Model::open(golden.model);
    CHECK(memory.weights >= model.info().weight_bytes);
    CHECK(memory.total >= memory.weights + memory.cache + memory.scratch);
    const uint64_t cache = uint64_t{session.context} * model.info().layers * model.info().kv_heads *
                           model.info().head_dim * 2 * 4;
    CHECK(memory.cache >= cache);
    try {
      ModelOptions options;
      options.memory_limit_bytes = memory.weights / 2;
      Model::open(golden.model, options);
      FAIL_CHECK("a limit below the weights was ignored");
    } catch (const phi::Error& error) {
      CHECK(error.code() == phi::Code::over_budget);
    }
  }
}

TEST_SUITE_END();
