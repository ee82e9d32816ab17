// What the program says when it is asked for help, and when it is used wrongly: status, message,
// remedy.
#include <doctest/doctest.h>

#include "phi_process.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;

const std::string kModel = test_data("golden/data/c1_phi4");

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// One line "phi: ..." and nothing on standard output.
void check_failure(const PhiResult& result, int status, const std::string& part) {
  CAPTURE(result.error);
  CHECK(result.status == status);
  CHECK(result.output == "");
  CHECK(result.error.starts_with("phi: "));
  CHECK(contains(result.error, part));
}

}  // namespace

TEST_SUITE_BEGIN("usage");

TEST_CASE("help is on standard output and successful") {
  const PhiResult none = run_phi({});
  CHECK(none.status == 0);
  CHECK(contains(none.output, "phi chat"));
  for (const char* command :
       {"chat", "run", "info", "tokenize", "logits", "perplexity", "bench", "convert"}) {
    CAPTURE(command);
    const PhiResult help = run_phi({command, "--help"});
    CHECK(help.status == 0);
    CHECK(contains(help.output, std::string("Usage: phi ") + command));
    CHECK(run_phi({"help", command}).output == help.output);
    CHECK(contains(run_phi({"--help"}).output, std::string("  ") + command));
  }
  CHECK(run_phi({"--version"}).output.starts_with("phi "));
}

TEST_CASE("wrong usage exits with 2 and names the remedy") {
  check_failure(run_phi({"rnu"}), 2, "did you mean 'run'?");
  check_failure(run_phi({kModel}), 2, "did you mean 'phi chat");
  check_failure(run_phi({"run"}), 2, "no model given");
  check_failure(run_phi({"run", kModel, "--tmp", "1"}), 2,
                "unknown flag '--tmp'; did you mean '--temp'?");
  check_failure(run_phi({"run", kModel, "two", "texts"}), 2, "quote a text that has spaces");
  check_failure(run_phi({"run", kModel, "x", "--weights", "int9"}), 2,
                "'int9' is not one of as-stored|f32|bf16|int8|int4");
  check_failure(run_phi({"run", kModel, "x", "-n", "many"}), 2, "many");
  check_failure(run_phi({"run", kModel, "x", "--logit-bias", "7"}), 2, "'7' is not ID:VALUE");
  check_failure(run_phi({"run", kModel, "x", "--memory-limit", "lots"}), 2, "'lots' is not a size");
  check_failure(run_phi({"run", kModel, "x", "--system", "y"}), 2, "--system needs --chat");
  check_failure(run_phi({"run", kModel, "--prompt-ids", "1,x"}), 2, "'x' is not a token id");
  check_failure(run_phi({"info", "-m", kModel, kModel}), 2, "given twice");
  check_failure(run_phi({"logits", kModel, "-o", "/tmp/x"}), 2, "give --ids");
  check_failure(run_phi({"bench", kModel, "-p", "0", "-n", "0"}), 2, "nothing to measure");
  check_failure(run_phi({"convert", kModel}), 2, "no output file");
}

TEST_CASE("errors exit with 1 and name the offender") {
  check_failure(run_phi({"info", "/nowhere/model.gguf"}), 1,
                "'/nowhere/model.gguf': no such file or folder");
  check_failure(run_phi({"info", test_data("golden/data/c1_phi")}), 1,
                "did you mean '" + kModel + "'?");
  check_failure(run_phi({"info", test_data("golden/data/README.md")}), 1, "README.md");
  check_failure(run_phi({"run", kModel, "x", "-c", "100000"}), 1, "100000");
  check_failure(run_phi({"run", kModel, "x", "--memory-limit", "10k"}), 1, "limit");
  check_failure(run_phi({"run", kModel, "--prompt-ids", "100000"}), 1, "100000");
  check_failure(run_phi({"run", kModel, "-c", "4", "one two three four five six"}), 1,
                "raise it with -c");
  check_failure(run_phi({"run", kModel, "-f", "/nowhere/prompt"}), 1, "/nowhere/prompt");
  check_failure(run_phi({"tokenize", kModel, "--chat", "{}"}), 1, "messages");
  check_failure(run_phi({"tokenize", kModel, "--decode", "100000"}), 1, "100000");
}

TEST_CASE("an output that cannot be written is an error") {
  const PhiResult result =
      run_phi({"logits", kModel, "--ids", "1", "-o", "/nowhere/logits.safetensors"});
  check_failure(result, 1, "/nowhere/logits.safetensors");
}
