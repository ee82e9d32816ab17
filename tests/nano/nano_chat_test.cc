// phi-nano, the model that comes with the library, from the packed file to answers: what a first
// program would do.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "phi/text_stream.h"

namespace {

using namespace phi;

const std::string kModel = PHI_NANO_FOLDER "/phi-nano.phi";
const std::string kQuestions = PHI_NANO_FOLDER "/questions.jsonl";
constexpr int kMaxTokens = 200;
constexpr int kAskedOfTask = 8;

struct Question {
  std::string task, text, answer;
};

/// The first held-out questions of each task. Their answers come from the generator of the data, in
/// Python.
std::vector<Question> some_questions() {
  std::ifstream file(kQuestions);
  std::vector<Question> questions;
  int asked = 0;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    Question question{json.at("task"), json.at("question"), json.at("answer")};
    asked = questions.empty() || questions.back().task != question.task ? 0 : asked + 1;
    if (asked < kAskedOfTask) questions.push_back(std::move(question));
  }
  return questions;
}

/// Greedy generation until the model ends its turn.
std::string generate(Session& session, TextStream& stream) {
  std::string text;
  for (int i = 0; i < kMaxTokens; ++i) {
    const auto [token, end] = session.next();
    if (end) break;
    const auto [piece, stopped] = stream.push(token);
    text += piece;
    if (stopped) return text;
  }
  return text += stream.flush();
}

std::string reply_to(Session& session, const Model& model, const std::string& question) {
  const Message ask[] = {{"user", question}};
  session.append_chat(ask);
  TextStream stream(model.tokenizer());
  return generate(session, stream);
}

/// What follows the last "Answer: ", or all of a reply that is the answer itself.
std::string final_answer(const std::string& reply) {
  const std::string mark = "Answer: ";
  const size_t at = reply.rfind(mark);
  return at == std::string::npos ? reply : reply.substr(at + mark.size());
}

/// Share of exact answers.
double score(const ModelOptions& options, Kv kv) {
  const Model model = Model::open(kModel, options);
  SessionOptions session_options;
  session_options.kv = kv;
  session_options.context = 512;
  Session session(model, session_options);
  const std::vector<Question> questions = some_questions();
  REQUIRE(questions.size() > 140);
  int right = 0;
  for (const Question& question : questions)
    right += final_answer(reply_to(session, model, question.text)) == question.answer;
  return right / static_cast<double>(questions.size());
}

ModelOptions with_weights(Weights weights) {
  ModelOptions options;
  options.weights = weights;
  return options;
}

}  // namespace

TEST_SUITE_BEGIN("nano");

TEST_CASE("it says what it is") {
  const ModelInfo info = Model::open(kModel).info();
  CHECK(info.architecture == "phi3");
  CHECK(info.parameters > 2'000'000);
  CHECK(info.parameters < 8'000'000);
  CHECK(info.weight_bytes < 6'000'000);
  CHECK(info.context >= 512);
}

TEST_CASE("held-out questions in every weight format and cache") {
  for (const Weights weights : {Weights::as_stored, Weights::f32, Weights::bf16, Weights::int8}) {
    CAPTURE(static_cast<int>(weights));
    CHECK(score(with_weights(weights), Kv::bf16) >= 0.8);
  }
  CHECK(score({}, Kv::f32) >= 0.8);
  CHECK(score({}, Kv::int8) >= 0.8);
  CHECK(score(with_weights(Weights::int4), Kv::bf16) >= 0.7);
}

TEST_CASE("the second turn remembers the first") {
  const Model model = Model::open(kModel);
  Session session(model);
  std::vector<Message> chat = {{"user", "What is 47 + 38?"}};
  session.append_chat(chat);
  TextStream stream(model.tokenizer());
  const std::string first = generate(session, stream);
  CHECK(final_answer(first) == "85");
  chat.push_back({"assistant", first});
  chat.push_back({"user", "Is 85 larger than 58?"});
  const uint32_t before = session.position();
  session.append_chat(chat);
  CHECK(session.position() > before);  // it only grew
  CHECK(generate(session, stream).size() > 0);
}

TEST_CASE("text streams piece by piece, and a stop string ends it") {
  const Model model = Model::open(kModel);
  Session session(model);
  const std::string whole = reply_to(session, model, "What is 47 + 38?");
  REQUIRE(whole.find("Answer: 85") != std::string::npos);

  session.rewind(0);
  const Message ask[] = {{"user", "What is 47 + 38?"}};
  session.append_chat(ask);
  TextStream stream(model.tokenizer(), {.stops = {"Answer"}});
  std::string text;
  int pieces = 0;
  bool stopped = false;
  for (int i = 0; i < kMaxTokens && !stopped; ++i) {
    const TextStream::Piece piece = stream.push(session.next().token);
    text += piece.text;
    pieces += !piece.text.empty();
    stopped = piece.stopped;
  }
  CHECK(stopped);
  CHECK(pieces > 5);
  CHECK(text == whole.substr(0, whole.find("Answer")));
}

TEST_CASE(
    "a cancel from another thread stops one call; the answer goes on as if nothing had been") {
  const Model model = Model::open(kModel);
  Session session(model);
  const std::string question = "What is 47 + 38?";
  const std::string whole = reply_to(session, model, question);

  session.rewind(0);
  const Message ask[] = {{"user", question}};
  session.append_chat(ask);
  TextStream stream(model.tokenizer());
  std::string text;
  for (int i = 0; i < 5; ++i) text += stream.push(session.next().token).text;
  std::thread([&] { session.cancel(); }).join();
  try {
    session.next();
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.code() == Code::cancelled);
  }
  CHECK(text + generate(session, stream) == whole);
}
