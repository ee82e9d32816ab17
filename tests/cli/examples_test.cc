// The two short examples do what the program does.
#include <doctest/doctest.h>

#include "phi_process.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;

const std::string kModel = test_data("golden/data/c1_phi4");

}  // namespace

TEST_SUITE_BEGIN("examples");

TEST_CASE("chat.c answers as phi chat does") {
  const PhiResult reference = run_phi({"chat", kModel, "-n", "8"}, "Hello\n");
  const std::string answer =
      reference.output.substr(0, reference.output.size() - 1);  // without the newline at its end
  const PhiResult chat = run_phi({kModel}, "Hello\n", PHI_EXAMPLE_CHAT);
  CHECK(chat.status == 0);
  CHECK(answer.size() > 1);
  CHECK(chat.output.starts_with("> " + answer));
  CHECK(chat.error.find("PHI_ERR_CONTEXT_FULL") !=
        std::string::npos);  // this model never ends an answer
}

TEST_CASE("complete.cc goes on with its prompt") {
  const PhiResult result = run_phi({kModel, "The software is", "12"}, "", PHI_EXAMPLE_COMPLETE);
  CHECK(result.status == 0);
  CHECK(result.output.starts_with("The software is"));
  CHECK(result.output.size() > 20);
  const PhiResult same = run_phi(
      {"run", kModel, "--echo", "-n", "12", "--temp", "0.8", "--top-p", "0.95", "The software is"});
  CHECK(result.output == same.output);
}

TEST_CASE("both say what went wrong") {
  CHECK(run_phi({"a", "b"}, "", PHI_EXAMPLE_CHAT).status == 2);
  CHECK(run_phi({"a", "b", "c", "d"}, "", PHI_EXAMPLE_COMPLETE).status == 2);
  for (const char* program : {PHI_EXAMPLE_CHAT, PHI_EXAMPLE_COMPLETE}) {
    const PhiResult result = run_phi(program == std::string(PHI_EXAMPLE_CHAT)
                                         ? std::vector<std::string>{"/nowhere"}
                                         : std::vector<std::string>{"/nowhere", "x"},
                                     "", program);
    CHECK(result.status == 1);
    CHECK(result.error.find("/nowhere") != std::string::npos);
  }
}
