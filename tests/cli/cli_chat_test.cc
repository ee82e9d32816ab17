// phi chat: turns, commands, and Ctrl-C.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "phi_process.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;

const std::string kModel = test_data("golden/data/c1_phi4");

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A chat whose answer Ctrl-C has stopped. The models of the tests answer within milliseconds, so
/// an answer may end before the signal comes, which then ends the program: such a try is made
/// again.
std::unique_ptr<PhiProcess> interrupted_chat() {
  for (int attempt = 0; attempt < 50; ++attempt) {
    auto chat = std::make_unique<PhiProcess>(
        std::vector<std::string>{"chat", kModel, "--ignore-end", "-t", "1"});
    chat->type("Tell me something long\n");
    if (!chat->wait_for_output(" ")) continue;
    chat->interrupt();
    if (chat->wait_for_error("[stopped]")) return chat;
  }
  return nullptr;
}

}  // namespace

TEST_SUITE_BEGIN("chat");

TEST_CASE("one line of input is one turn") {
  const PhiResult result = run_phi({"chat", kModel, "-n", "8"}, "Hello\nWhat is a licence?\n");
  CAPTURE(result.error);
  CHECK(result.status == 0);
  CHECK(result.error == "");
  const PhiResult first = run_phi({"chat", kModel, "-n", "8"}, "Hello\n");
  CHECK(first.output.size() > 1);
  CHECK(result.output.starts_with(first.output));
  CHECK(result.output.size() > first.output.size());
}

TEST_CASE("a first turn is what run --chat answers") {
  const PhiResult chat = run_phi({"chat", kModel, "-n", "16", "--system", "Be brief."}, "Hello\n");
  const PhiResult run =
      run_phi({"run", kModel, "-n", "16", "--system", "Be brief.", "--chat", "Hello"});
  CHECK(chat.status == 0);
  CHECK(chat.output == run.output);
}

TEST_CASE("the history is saved, undone and reset") {
  const TempDir folder;
  const std::string file = folder / "chat.json";
  const auto saved_after = [&](const std::string& input) {
    const PhiResult result = run_phi({"chat", kModel, "-n", "8"}, input + "/save " + file + "\n");
    CAPTURE(result.error);
    CHECK(result.status == 0);
    return nlohmann::json::parse(read_file(file)).at("messages");
  };
  const auto both = saved_after("/system Be brief.\nHello\nAgain\n");
  REQUIRE(both.size() == 5);
  CHECK(both[0].at("role") == "system");
  CHECK(both[1].at("content") == "Hello");
  CHECK(both[4].at("role") == "assistant");

  const auto undone = saved_after("/system Be brief.\nHello\nAgain\n/undo\n");
  REQUIRE(undone.size() == 3);
  CHECK(undone[2] == both[2]);
  CHECK(saved_after("/system Be brief.\nHello\n/undo\nHello\n") ==
        undone);  // the cache forgets as well
  CHECK(saved_after("/system Be brief.\nHello\n/regenerate\n") == undone);
  CHECK(saved_after("/system Be brief.\nHello\n/reset\n").size() == 1);

  // What was saved is what tokenize takes.
  CHECK(run_phi({"tokenize", kModel, "--chat", "--render", "-f", file}).status == 0);
}

TEST_CASE("commands answer on standard error") {
  const PhiResult result = run_phi({"chat", kModel, "-n", "4"},
                                   "/help\n/undo\n/nonsense\nHi\n/stats\n/quit\nnever asked\n");
  CHECK(result.status == 0);
  CHECK(contains(result.error, "/regenerate"));
  CHECK(contains(result.error, "no question to forget"));
  CHECK(contains(result.error, "unknown command /nonsense"));
  CHECK(contains(result.error, "answer 4 tokens"));
  CHECK(contains(result.error, " of 512 tokens"));
}

TEST_CASE("a full context is explained, and the chat goes on") {
  const std::string longer(200, 'x');
  const PhiResult result =
      run_phi({"chat", kModel, "-c", "40", "-n", "4"}, longer + "\nHi\n/stats\n");
  CHECK(result.status == 0);
  CHECK(contains(result.error, "the context of 40 tokens is full"));
  CHECK(contains(result.error, "larger -c"));
  CHECK(contains(result.error, "answer 4 tokens"));
}

TEST_CASE("Ctrl-C stops the answer and not the program") {
  const auto chat = interrupted_chat();
  REQUIRE(chat != nullptr);
  CHECK(chat->type("/stats\n"));
  CHECK(chat->wait_for_error("interrupted; context"));
  CHECK(chat->type("/reset\n"));
  CHECK(chat->wait_for_error("forgotten"));
  const size_t answered = chat->output().size();
  CHECK(chat->type("And now?\n"));
  chat->close_input();
  CHECK(chat->finish() == 0);
  CHECK(chat->output().size() > answered + 1);
}

TEST_CASE("Ctrl-C at the prompt leaves") {
  PhiProcess chat({"chat", kModel, "-n", "4"});
  CHECK(chat.type("/help\n"));
  REQUIRE(chat.wait_for_error("/quit"));
  chat.interrupt();
  CHECK(chat.finish() == 130);
}

TEST_CASE("Ctrl-C ends run with 130 and keeps what was written") {
  for (int attempt = 0; attempt < 50; ++attempt) {
    PhiProcess run({"run", kModel, "Once", "--ignore-end", "-t", "1", "--stats"});
    REQUIRE(run.wait_for_output(" "));
    run.interrupt();
    const int status = run.finish();
    if (status == 0) continue;  // the text ended before the signal came
    CHECK(status == 130);
    CHECK(contains(run.error(), "interrupted"));
    return;
  }
  FAIL("fifty texts ended before they could be interrupted");
}
