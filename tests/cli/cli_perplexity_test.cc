// phi perplexity, beside llama.cpp's llama-perplexity (0.7.0, CPU, -ctk f32 -ctv f32) on the same
// files and text.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "phi_process.h"
#include "support/golden_tensors.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;
using nlohmann::json;

const std::string kText = test_data("cli/data/stories.txt");
const std::string kQ8 = test_data("golden/data/gguf/g1_phi4/g1_phi4-Q8_0.gguf");
const std::string kQ4 = test_data("golden/data/gguf/g1_phi4/g1_phi4-Q4_0.gguf");

json measure(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "perplexity");
  for (const char* more : {"--text", kText.c_str(), "--kv", "f32", "--json"})
    arguments.emplace_back(more);
  const PhiResult result = run_phi(arguments);
  CAPTURE(result.error);
  REQUIRE(result.status == 0);
  return json::parse(result.output);
}

double value(const json& estimate) { return estimate.at("value"); }

std::vector<double> log_probabilities(const GoldenMatrix& logits, int64_t row) {
  const auto first = logits.values.begin() + row * logits.cols;
  std::vector<double> result(first, first + logits.cols);
  double sum = 0;
  for (const double logit : result) sum += std::exp(logit);
  for (double& logit : result) logit -= std::log(sum);
  return result;
}

}  // namespace

TEST_SUITE_BEGIN("perplexity");

TEST_CASE("a trained model has the perplexity that llama.cpp computes") {
  const auto stories = external_data("data/models/stories260K");
  if (!stories) return;
  struct Expected {
    const char* context;
    int windows;
    double perplexity, error;
  };
  for (const Expected& expected :
       {Expected{"128", 9, 4.0800, 0.28256}, Expected{"512", 2, 4.4222, 0.32821}}) {
    for (const char* name : {"/stories260K-f32.gguf", "/hf"}) {
      const json result = measure({*stories + name, "--context", expected.context});
      CHECK(result.at("windows") == expected.windows);
      CHECK(value(result.at("perplexity")) == doctest::Approx(expected.perplexity).epsilon(2e-4));
      CHECK(double{result.at("perplexity").at("error")} ==
            doctest::Approx(expected.error).epsilon(1e-3));
    }
  }
}

TEST_CASE("perplexity and divergence of low-bit files are near llama.cpp's") {
  // llama.cpp multiplies with activations of 8 bits: these untrained models, sure of nothing and
  // wrong with emphasis, show that as half a percent.
  const json result = measure({kQ4, "--context", "64", "--base", kQ8});
  CHECK(result.at("windows") == 21);
  CHECK(value(result.at("base").at("perplexity")) == doctest::Approx(37709.1).epsilon(0.01));
  CHECK(value(result.at("perplexity")) == doctest::Approx(37842.6).epsilon(0.02));
  CHECK(value(result.at("base").at("kl")) == doctest::Approx(0.961921).epsilon(0.02));
  CHECK(double{result.at("base").at("kl").at("error")} == doctest::Approx(0.020695).epsilon(0.02));
  CHECK(double{result.at("base").at("kl_median")} == doctest::Approx(0.866982).epsilon(0.02));
}

TEST_CASE("every number follows from the logits that it writes") {
  const TempDir folder;
  const std::string base_file = folder / "base.safetensors", file = folder / "model.safetensors";
  const json base = measure({kQ8, "--context", "32", "--chunks", "3", "--save-logits", base_file});
  const json result =
      measure({kQ4, "--context", "32", "--chunks", "3", "--save-logits", file, "--kl", base_file});
  const GoldenTensors saved(file), saved_base(base_file);
  const GoldenMatrix &logits = saved.matrix("logits"), &base_logits = saved_base.matrix("logits");
  REQUIRE(logits.rows == 45);  // 15 of each window
  const auto tokens = saved.tokens("input_ids");
  REQUIRE(tokens.size() == 96);
  double loss = 0, base_loss = 0, kl = 0, largest = 0, change = 0;
  for (int64_t row = 0; row < logits.rows; ++row) {
    const auto target =
        static_cast<size_t>(tokens[static_cast<size_t>(row / 15 * 32 + 17 + row % 15)]);
    const auto p = log_probabilities(base_logits, row), q = log_probabilities(logits, row);
    double divergence = 0;
    for (size_t i = 0; i < p.size(); ++i) divergence += std::exp(p[i]) * (p[i] - q[i]);
    kl += divergence / 45;
    largest = std::max(largest, divergence);
    loss -= q[target] / 45;
    base_loss -= p[target] / 45;
    change += std::pow(std::exp(q[target]) - std::exp(p[target]), 2) / 45;
  }
  const json& against = result.at("base");
  CHECK(value(result.at("mean_loss")) == doctest::Approx(loss));
  CHECK(value(result.at("perplexity")) == doctest::Approx(std::exp(loss)));
  CHECK(value(base.at("perplexity")) == doctest::Approx(std::exp(base_loss)));
  CHECK(value(against.at("perplexity_ratio")) == doctest::Approx(std::exp(loss - base_loss)));
  CHECK(value(against.at("kl")) == doctest::Approx(kl));
  CHECK(double{against.at("kl_max")} == doctest::Approx(largest));
  CHECK(double{against.at("rms_probability_change")} == doctest::Approx(std::sqrt(change)));

  // The base evaluated beside it gives the same bits as the file, and nothing differs from itself.
  const json beside = measure({kQ4, "--context", "32", "--chunks", "3", "--base", kQ8});
  CHECK(beside.at("base") == against);
  const json same = measure({kQ8, "--context", "32", "--chunks", "3", "--kl", base_file});
  CHECK(double{same.at("base").at("kl_max")} == 0);
  CHECK(value(same.at("base").at("same_top")) == 1);
}

TEST_CASE("the text form says the same") {
  const json result = measure({kQ4, "--context", "64", "--base", kQ8});
  const PhiResult text = run_phi(
      {"perplexity", kQ4, "-f", "-", "-c", "64", "--kv", "f32", "--base", kQ8}, read_file(kText));
  CHECK(text.status == 0);
  CHECK(text.output.find("21 windows of 64 tokens, 651 tokens scored") != std::string::npos);
  const std::string kl = std::to_string(value(result.at("base").at("kl")));
  CHECK(text.output.find("KL divergence        " + kl) != std::string::npos);
}

TEST_CASE("what does not compare is refused by name") {
  const TempDir folder;
  const std::string saved = folder / "base.safetensors";
  measure({kQ8, "--context", "32", "--chunks", "2", "--save-logits", saved});
  const auto fails = [](const std::vector<std::string>& arguments, int status,
                        const std::string& part) {
    const PhiResult result = run_phi(arguments);
    CAPTURE(result.error);
    CHECK(result.status == status);
    CHECK(result.output.empty());
    CHECK(result.error.find(part) != std::string::npos);
  };
  write_file(folder / "other", std::string(2000, 'x'));
  const auto with = [&](const std::string& text, std::vector<std::string> more) {
    more.insert(more.begin(), {"perplexity", kQ8, "--text", text, "--context", "32"});
    return more;
  };
  fails(with(kText, {"--kl", saved, "--chunks", "3"}), 1, "does not hold logits of these windows");
  fails(with(folder / "other", {"--kl", saved, "--chunks", "2"}), 1, "logits of another text");
  fails(with(kText, {"--kl", kText}), 1, "was not written by --save-logits");
  fails(with(kText, {"--kl", folder / "missing"}), 1, "missing");
  fails(with(kText, {"--base", test_data("golden/data/c1_phi4")}), 1, "other tokens");
  fails(with(kText, {"--save-logits", folder / "no/file"}), 1, "cannot write");
  fails({"perplexity", kQ8, "--text", kText, "--context", "100000"}, 2, "longer text");
  fails({"perplexity", kQ8}, 2, "--text");
  const std::string whole = read_file(saved);
  write_file(saved, whole.substr(0, whole.size() - 4));
  fails(with(kText, {"--kl", saved, "--chunks", "2"}), 1, "ends too early");
  CHECK(sorted_entries(folder.path()).size() == 2);
}

TEST_SUITE_END();
