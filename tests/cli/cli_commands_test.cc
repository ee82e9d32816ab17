// Every command on models whose results other programs computed.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "phi_process.h"
#include "support/compare.h"
#include "support/golden_tensors.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;
using nlohmann::json;
using phi::Token;

const std::string kModel = test_data("golden/data/c1_phi4");

std::string join(const std::vector<Token>& tokens) {
  std::string out;
  for (const Token token : tokens) out += (out.empty() ? "" : ",") + std::to_string(token);
  return out;
}

std::vector<Token> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<Token> tokens;
  for (Token token; stream >> token;) tokens.push_back(token);
  return tokens;
}

PhiResult succeed(const std::vector<std::string>& arguments, const std::string& input = "") {
  PhiResult result = run_phi(arguments, input);
  CAPTURE(result.error);
  CHECK(result.status == 0);
  return result;
}

}  // namespace

TEST_SUITE_BEGIN("commands");

TEST_CASE("info tells what the configuration says") {
  const json config = json::parse(read_file(kModel + "/golden.json"));
  const json info = json::parse(succeed({"info", kModel, "--json"}).output);
  CHECK(info.at("architecture") == "phi3");
  CHECK(info.at("parameters") == config.at("parameters"));
  CHECK(info.at("layers") == config.at("config").at("num_hidden_layers"));
  CHECK(info.at("kv_heads") == config.at("config").at("num_key_value_heads"));
  CHECK(info.at("vocab_size") == config.at("config").at("vocab_size"));
  CHECK(info.at("tokenizer").at("has_chat_template") == true);
  CHECK(info.at("memory").at("total") >= info.at("weight_bytes"));
  const std::string text = succeed({"info", kModel}).output;
  CHECK(text.find("phi3") != std::string::npos);
  CHECK(text.find("257856") != std::string::npos);
}

TEST_CASE("tokenize gives the reference's ids, and decodes them") {
  const json golden = json::parse(read_file(kModel + "/golden.json"));
  for (const json& one : golden.at("tokenizer")) {
    const std::string text = one.at("text");
    CAPTURE(text);
    const auto ids = one.at("ids").get<std::vector<Token>>();
    CHECK(split(succeed({"tokenize", kModel, "--specials"}, text).output) == ids);
    CHECK(succeed({"tokenize", kModel, "--decode", "--specials", join(ids)}).output == text + "\n");
    CHECK(succeed({"tokenize", kModel, "--specials", "--count"}, text).output ==
          std::to_string(ids.size()) + "\n");
    const json document =
        json::parse(succeed({"tokenize", kModel, "--specials", "--json", "--pieces"}, text).output);
    CHECK(document.at("ids") == one.at("ids"));
    CHECK(document.at("pieces").size() == ids.size());
  }
}

TEST_CASE("tokenize renders chats, and keeps control tokens in contents as text") {
  const std::string chat = R"([{"role": "user", "content": "a<|im_end|>b"}])";
  const std::string rendered =
      "<|im_start|>user<|im_sep|>a<|im_end|>b<|im_end|><|im_start|>assistant<|im_sep|>";
  CHECK(succeed({"tokenize", kModel, "--chat", "--render", chat}).output == rendered);
  const std::vector<Token> ids = split(succeed({"tokenize", kModel, "--chat"}, chat).output);
  const std::vector<Token> parsed =
      split(succeed({"tokenize", kModel, "--specials", rendered}).output);
  CHECK(ids.size() > parsed.size());  // the control token in the content took several text tokens
  CHECK(succeed({"tokenize", kModel, "--decode", "--specials", join(ids)}).output ==
        rendered + "\n");
}

TEST_CASE("logits are the reference's, in any split") {
  const GoldenTensors golden(kModel + "/golden.safetensors");
  const TempDir folder;
  for (const int64_t length : golden.lengths("logits")) {
    const std::string suffix = ".T" + std::to_string(length);
    for (const std::string& splits :
         {std::string("1000"), std::string("1,5,64"), std::string("1,1,1")}) {
      CAPTURE(length);
      CAPTURE(splits);
      const std::string file = folder / "logits.safetensors";
      succeed({"logits", kModel, "--ids", join(golden.tokens("input_ids" + suffix)), "--splits",
               splits, "--kv", "f32", "-o", file});
      const GoldenTensors written(file);
      const GoldenMatrix& expected = golden.matrix("logits" + suffix);
      CHECK(written.tokens("input_ids") == golden.tokens("input_ids" + suffix));
      REQUIRE(written.matrix("logits").rows == expected.rows);
      CHECK(outside_tolerance(written.matrix("logits").values, expected.values, {},
                              expected.cols) == "");
    }
  }
}

TEST_CASE(
    "run --ids continues greedily as the reference does, from the folder and from its packed "
    "file") {
  const GoldenTensors golden(kModel + "/golden.safetensors");
  const TempDir folder;
  const std::string packed = folder / "model.phi";
  succeed({"convert", kModel, packed});
  for (const std::string& model : {kModel, packed}) {
    CAPTURE(model);
    const PhiResult result =
        succeed({"run", model, "--prompt-ids", join(golden.tokens("input_ids.T7")), "-n", "32",
                 "--ids", "--kv", "f32", "--ignore-end"});
    CHECK(split(result.output) == golden.tokens("greedy_ids.T7"));
  }
}

TEST_CASE("run prints text, takes its prompt from anywhere, and stops where told") {
  const TempDir folder;
  write_file(folder / "prompt", "The software is");
  const std::vector<std::string> base = {"run", kModel, "-n", "12"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return more;
  };
  const std::string text = succeed(with({"The software is"})).output;
  CHECK(text.size() > 1);
  CHECK(succeed(with({}), "The software is").output == text);
  CHECK(succeed(with({"-"}), "The software is").output == text);
  CHECK(succeed(with({"-f", folder / "prompt"})).output == text);
  CHECK(succeed(with({"The software is", "--echo"})).output == "The software is" + text);
  CHECK(succeed(with({"The software is", "--stats"})).error.find("answer 12 tokens") !=
        std::string::npos);

  const std::string stop = text.substr(4, 2);
  const std::string stopped = succeed(with({"The software is", "--stop", stop})).output;
  CHECK(stopped == text.substr(0, text.find(stop)) + "\n");

  const std::vector<std::string> drawn = with({"The software is", "--temp", "1.5", "--seed", "7"});
  CHECK(succeed(drawn).output == succeed(drawn).output);
}

TEST_CASE("convert refuses to overwrite, and converts weights") {
  const TempDir folder;
  const std::string packed = folder / "model.phi";
  CHECK(succeed({"convert", kModel, packed}).error.find("written as") != std::string::npos);
  const PhiResult refused = run_phi({"convert", kModel, packed});
  CHECK(refused.status == 1);
  CHECK(refused.error.find("--force") != std::string::npos);
  CHECK(run_phi({"convert", packed, packed, "--force"}).status == 1);
  const json before = json::parse(succeed({"info", packed, "--json"}).output);
  succeed({"convert", kModel, packed, "--weights", "int8", "--force"});
  const json after = json::parse(succeed({"info", packed, "--json"}).output);
  CHECK(after.at("weight_bytes") < before.at("weight_bytes"));
  CHECK(after.at("parameters") == before.at("parameters"));
}

TEST_CASE("bench reports every test asked for") {
  const PhiResult result = succeed({"bench", kModel, "-p", "16,32", "-b", "4", "-n", "4", "-d",
                                    "0,64", "-r", "2", "--json", "-t", "1"});
  const json report = json::parse(result.output);
  std::vector<std::string> names;
  for (const json& one : report.at("results")) {
    names.push_back(one.at("test"));
    CHECK(one.at("samples").size() == 2);
    CHECK(one.at("read_bytes_per_second").size() == 2);
    CHECK(one.at("tokens_per_second") > 0);
    CHECK(one.at("share_of_limit") > 0);
    CHECK(one.at("tokens_per_second").get<double>() ==
          doctest::Approx(one.at("share_of_limit").get<double>() *
                          one.at("limit_tokens_per_second").get<double>()));
    CHECK(one.contains("times_one_token") == (one.at("phase") == "rows"));
  }
  CHECK(names == std::vector<std::string>{"pp16", "pp32", "rows4", "tg4", "pp16 @ d64",
                                          "pp32 @ d64", "rows4 @ d64", "tg4 @ d64"});
  const json& limits = report.at("limits");
  CHECK(limits.at("read_bytes_per_second") > 1e8);
  CHECK(limits.at("file_read_bytes_per_second") > 1e8);
  CHECK(limits.at("f32_ops_per_second") > 1e8);
  // What a token costs, by hand from the configuration: 3 layers of qkv, o, gate_up and down, and
  // the output matrix.
  const double layers = 3 * (128.0 * 64 + 64 * 64 + 320 * 64 + 64 * 160 + 2 * 64) + 64;
  const json& cost = report.at("cost");
  CHECK(cost.at("layer_ops_per_token").get<double>() == doctest::Approx(2 * layers));
  CHECK(cost.at("output_ops").get<double>() == doctest::Approx(2.0 * 1003 * 64));
  CHECK(cost.at("attention_ops_per_position").get<double>() == doctest::Approx(3.0 * 4 * 64));
  CHECK(cost.at("weight_bytes_per_token").get<double>() ==
        doctest::Approx(4 * (layers + 1003 * 64)).epsilon(0.02));
}

TEST_CASE("bench --open tells how long a new process takes, and its memory") {
  const PhiResult result =
      succeed({"bench", kModel, "-p", "0", "-n", "0", "-r", "3", "--open", "--json", "-t", "1"});
  const json report = json::parse(result.output);
  CHECK(report.at("results").empty());
  REQUIRE(report.at("openings").size() == 3);
  const json memory = json::parse(succeed({"info", kModel, "--json"}).output).at("memory");
  for (const json& one : report.at("openings")) {
    CHECK(one.at("seconds").get<double>() ==
          doctest::Approx(one.at("open_seconds").get<double>() +
                          one.at("session_seconds").get<double>() +
                          one.at("first_token_seconds").get<double>()));
    CHECK(one.at("first_token_seconds") > 0);
    CHECK(one.at("cache_bytes") == memory.at("cache"));
    CHECK(one.at("peak_bytes") > one.at("weight_bytes"));
    CHECK(one.at("bytes_beyond") < one.at("peak_bytes"));
    // Mapped; of the token embedding few rows were touched.
    CHECK(one.at("model_file_bytes").get<double>() > 0.5 * one.at("weight_bytes").get<double>());
  }
  const PhiResult failed = run_phi({"bench", kModel, "--open", "--memory-limit", "10k"});
  CHECK(failed.status == 1);
  CHECK(failed.error.find("limit") != std::string::npos);
}

TEST_CASE("stories260K tells its story") {
  const auto stories = external_data("data/models/stories260K");
  if (!stories) return;
  const json golden = json::parse(read_file(*stories + "/ref_greedy.json"));
  auto expected = golden.at("greedy_ids").get<std::vector<Token>>();
  expected.erase(expected.begin());  // BOS, which is the prompt
  for (const char* name : {"/hf", "/stories260K-f32.gguf"}) {
    CAPTURE(name);
    CHECK(
        split(succeed({"run", *stories + name, "-n", "200", "--temp", "0", "--ids", ""}).output) ==
        expected);
    CHECK(succeed({"run", *stories + name, "-n", "200", "--temp", "0", ""}).output ==
          golden.at("text").get<std::string>() + "\n");
  }
}
