// The decoder without a session: reference logits, the promise that bits do not depend on the
// split, and early ends.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "phi/error.h"
#include "support/compare.h"
#include "support/each_isa.h"
#include "support/golden_tensors.h"
#include "support/test_paths.h"
#include "unit/model/decoder_fixture.h"

namespace phi {
namespace {

using test::DecoderFixture;
using test::GoldenTensors;

constexpr int64_t kContext = 176;
constexpr test::Tolerance kF32{2e-3, 1e-3};  // the goldens' table: 1e-3, one case 1.8e-3

std::string golden(const std::string& relative) {
  const std::string own = test::test_data("golden/data/" + relative);
  if (std::filesystem::exists(own)) return own;
  return test::external_data("goldens/" + relative).value_or("");
}

const std::vector<std::string> kFolders = {
    "c1_phi4",        "c2_phi3_window", "c3_phi3_longrope",  "c4_phi4mini",     "c5_qwen2",
    "c5t_qwen2_tied", "c6_llama3",      "c7_llama_mha_tied", "c8_phi4_sharded", "c9_llama_headdim"};

/// Quantised matrices, their activations in 8 bits when they generate.
const std::vector<std::string> kGgufFiles = {
    "g1_phi4/g1_phi4-Q4_K",        "g1_phi4/g1_phi4-Q8_0",   "g1_phi4/g1_phi4-Q4_0",
    "g4_phi4mini/g4_phi4mini-F16", "g5_qwen2/g5_qwen2-Q8_0", "g6_llama3/g6_llama3-Q4_K"};

TEST_CASE("folders with f32 weights and cache give the reference logits and continuations") {
  for (const std::string& name : kFolders) {
    INFO(name);
    const std::string folder = golden(name);
    if (folder.empty()) continue;
    const GoldenTensors expected(folder + "/golden.safetensors");
    const weights::WeightStore store = test::load_model(folder, Weights::f32);
    DecoderFixture decoder(store, kContext, {});
    for (const int64_t length : expected.lengths("input_ids")) {
      const std::string suffix = ".T" + std::to_string(length);
      INFO("length " << length);
      const std::vector<Token>& ids = expected.tokens("input_ids" + suffix);
      const test::GoldenMatrix& logits = expected.matrix("logits" + suffix);
      CHECK(test::outside_tolerance(decoder.prefill(ids, length), logits.values, kF32,
                                    logits.cols) == "");
      CHECK(test::differs(decoder.greedy(ids, 32), expected.tokens("greedy_ids" + suffix)) == "");
    }
  }
}

TEST_CASE("a folder's own types stay near the reference, whatever the cache") {
  for (const std::string& name : kFolders) {
    INFO(name);
    const std::string folder = golden(name);
    if (folder.empty()) continue;
    const GoldenTensors expected(folder + "/golden.safetensors");
    const weights::WeightStore store = test::load_model(folder, Weights::as_stored);
    for (const Kv kv : {Kv::bf16, Kv::int8}) {
      DecoderFixture decoder(store, kContext, {.kv = kv});
      const std::vector<float> logits = decoder.prefill(expected.tokens("input_ids.T130"), 130);
      CHECK(test::above_nmse(logits, expected.matrix("logits.T130").values, 5e-3) == "");
    }
  }
}

TEST_CASE(
    "GGUF files: the bound of f32 for unpacked weights, of 8-bit activations for packed ones") {
  for (const std::string& name : kGgufFiles) {
    INFO(name);
    const std::string file = golden("gguf/" + name + ".gguf");
    if (file.empty()) continue;
    const GoldenTensors expected(file.substr(0, file.size() - 4) + "golden.safetensors");
    const std::vector<Token>& ids = expected.tokens("input_ids.T24");
    const test::GoldenMatrix& logits = expected.matrix("logits.T24");
    const weights::WeightStore unpacked = test::load_model(file, Weights::f32);
    DecoderFixture exact(unpacked, kContext, {});
    CHECK(test::outside_tolerance(exact.prefill(ids, 24), logits.values, kF32, logits.cols) == "");
    CHECK(test::differs(exact.greedy(ids, 32), expected.tokens("greedy_ids.T24")) == "");
    const weights::WeightStore packed = test::load_model(file, Weights::as_stored);
    DecoderFixture decoder(packed, kContext, {});
    CHECK(test::above_nmse(decoder.prefill(ids, 24), logits.values, 5e-3) == "");
  }
}

std::vector<Token> some_tokens(int64_t count, const weights::WeightStore& store) {
  std::vector<Token> tokens;
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<Token>((i * 37 + 11) % store.config().vocab_size));
  }
  return tokens;
}

TEST_CASE("the same bits for every split, thread count and backend") {
  constexpr int64_t kTokens = 70;  // more than a block of keys
  for (const char* name : {"c2_phi3_window", "c8_phi4_sharded", "gguf/g1_phi4/g1_phi4-Q4_K.gguf"}) {
    INFO(name);
    const std::string path = golden(name);
    if (path.empty()) continue;
    const weights::WeightStore store = test::load_model(path, Weights::as_stored);
    const int64_t vocab = store.config().vocab_size;
    const std::vector<Token> ids = some_tokens(kTokens, store);
    for (const kernels::Kernels& kernels : test::each_isa()) {
      INFO("isa " << std::string(isa_name(kernels.isa)));
      DecoderFixture two(store, kContext, {.kv = Kv::bf16, .isa = kernels.isa});
      DecoderFixture one(
          store, kContext,
          {.kv = Kv::bf16, .threads = 1, .isa = kernels.isa, .backend = Backend::openmp});
      const std::vector<float> whole = two.prefill(ids, kTokens);
      for (const int64_t call_rows : {7, 64}) {
        CHECK(test::differs_in_bits(two.prefill(ids, call_rows), whole, vocab) == "");
      }
      CHECK(test::differs_in_bits(one.prefill(ids, 1), whole, vocab) == "");
      const std::span<const float> last = std::span(whole).last(static_cast<size_t>(vocab));
      CHECK(test::differs_in_bits(two.prefill_last(ids), last, vocab) == "");
      CHECK(test::differs(one.greedy(ids, 8), two.greedy(ids, 8)) == "");
    }
  }
}

TEST_CASE("a call in slices gives the same bits on both backends, over several chunks too") {
  for (const char* name : {"c2_phi3_window", "gguf/g1_phi4/g1_phi4-Q4_0.gguf"}) {
    CAPTURE(name);
    const std::string path = golden(name);
    if (path.empty()) continue;
    const weights::WeightStore store = test::load_model(path, Weights::as_stored);
    const std::vector<Token> ids = some_tokens(600, store);
    DecoderFixture whole(store, 600, {.kv = Kv::bf16});
    const std::vector<float> expected = whole.prefill_last(ids);
    for (const Backend backend : {Backend::openmp, Backend::pool}) {
      for (const int threads : {1, 2, 3}) {
        DecoderFixture decoder(store, 600,
                               {.kv = Kv::bf16, .threads = threads, .backend = backend});
        for (const int64_t tasks : {7, 100, 1'000'000}) {
          CHECK(test::differs_in_bits(decoder.prefill_last_in_slices(ids, tasks), expected,
                                      store.config().vocab_size) == "");
        }
      }
    }
  }
}

TEST_CASE("a call longer than a chunk of the workspace") {
  const std::string path = golden("c6_llama3");
  if (path.empty()) return;
  const weights::WeightStore store = test::load_model(path, Weights::f32);
  const std::vector<Token> ids = some_tokens(1100, store);
  DecoderFixture decoder(store, 1100, {});
  const std::vector<float> whole = decoder.prefill(ids, 1100);
  CHECK(test::differs_in_bits(decoder.prefill(ids, 300), whole, store.config().vocab_size) == "");
}

TEST_CASE("stop and keep_going end a call") {
  const std::string path = golden("c1_phi4");
  if (path.empty()) return;
  const weights::WeightStore store = test::load_model(path, Weights::as_stored);
  DecoderFixture decoder(store, kContext, {});
  const std::vector<Token> ids(100, 5);
  const auto code_of = [&](const std::function<bool(double)>* keep_going) -> std::optional<Code> {
    try {
      decoder.append(ids, keep_going);
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  };

  std::vector<double> shares;
  const std::function<bool(double)> watch = [&](double done) {
    return shares.push_back(done), true;
  };
  CHECK(code_of(&watch) == std::nullopt);
  REQUIRE(!shares.empty());
  CHECK(std::is_sorted(shares.begin(), shares.end()));
  CHECK(shares.back() <= 1);

  const std::function<bool(double)> refuse = [](double) { return false; };
  CHECK(code_of(&refuse) == Code::cancelled);
  decoder.stop() = true;
  CHECK(code_of(nullptr) == Code::cancelled);
  CHECK_THROWS_AS(decoder.greedy(ids, 1), Error);
  decoder.stop() = false;
  CHECK(code_of(nullptr) == std::nullopt);
}

TEST_CASE("the workspace of a 14B model stays well below 200 MiB") {
  weights::ModelConfig config;
  config.layers = 40;
  config.hidden = 5120;
  config.intermediate = 17920;
  config.heads = 40;
  config.kv_heads = 10;
  config.head_dim = 128;
  config.vocab_size = 100352;
  config.rope.rotary_dim = 128;
  const uint64_t bytes = model::Workspace::size_bytes(config, 4096, 2);
  MESSAGE("workspace: " << bytes / (1 << 20) << " MiB");
  CHECK(bytes < (uint64_t{160} << 20));
  CHECK(model::Workspace(config, 4096, 2).chunk() == 512);
  CHECK(model::Workspace(config, 100, 2).chunk() == 100);
  CHECK(model::Workspace::size_bytes(config, 100, 2) < bytes / 4);
}

}  // namespace
}  // namespace phi
