// Every allocation of the library may fail: the caller gets Error{out_of_memory}, nothing is lost
// and no object has changed.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include "fault/fault_plan.h"
#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "phi/text_stream.h"
#include "phi/tokenizer.h"
#include "support/test_files.h"
#include "support/test_paths.h"

/// oneDNN's matrix kernel, which takes memory for a moment; only its address is used.
extern "C" void dnnl_brgemm_execute();

namespace {

using namespace phi::test;
using phi::Model;
using phi::Session;
using phi::Token;
using phi::Tokenizer;

const std::string kFolder = test_data("golden/data/bad/good_hf");
const std::string kGguf = test_data("golden/data/bad/good.gguf");

/// What an action of the C++ API did. When every further allocation fails, the message of an Error
/// cannot be made either, and std::bad_alloc is what is left.
template <class Action>
Outcome outcome_of(Action&& action) {
  try {
    action();
    return {};
  } catch (const phi::Error& error) {
    if (error.code() == phi::Code::out_of_memory) return {Outcome::out_of_memory};
    return Outcome::wrongly(error.what());
  } catch (const std::exception& error) {
    return Outcome::wrongly(typeid(error).name());
  }
}

template <class Action>
void check_faults(Action&& action) {
  fail_each_allocation(
      Failing::once, [&] { return outcome_of(action); }, [] {});
}

phi::ModelOptions one_thread() {
  phi::ModelOptions options;
  options.threads = 1;
  return options;
}

phi::SessionOptions small_session() {
  phi::SessionOptions options;
  options.context = 32;
  options.threads = 1;
  return options;
}

}  // namespace

TEST_SUITE_BEGIN("allocations");

TEST_CASE("opening a folder") {
  check_faults([] { Model::open(kFolder, one_thread()); });
}

TEST_CASE("opening a GGUF file, from the disk and in memory") {
  check_faults([] { Model::open(kGguf, one_thread()); });
  const std::string bytes = read_file(kGguf);
  check_faults([&] { Model::open_memory(as_bytes(bytes), one_thread()); });
}

TEST_CASE("opening with conversion of the weights") {
  for (const phi::Weights weights : {phi::Weights::f32, phi::Weights::int8, phi::Weights::int4}) {
    phi::ModelOptions options = one_thread();
    options.weights = weights;
    check_faults([&] { Model::open(kFolder, options); });
  }
}

TEST_CASE("packed files: writing leaves nothing behind, and opening") {
  TempDir temporary;
  const std::string packed = temporary / "model.phi";
  const std::filesystem::path packed_path = packed;
  check_faults([&] {
    std::filesystem::remove(packed_path);
    try {
      Model::convert(kFolder, packed, one_thread());
    } catch (...) {
      if (!sorted_entries(temporary.path()).empty())
        throw std::runtime_error("a file was left behind");
      throw;
    }
  });
  Model::convert(kFolder, packed, one_thread());
  check_faults([&] { Model::open(packed, one_thread()); });
}

TEST_CASE("estimating") {
  check_faults([] { Model::estimate(kGguf, one_thread(), small_session()); });
}

TEST_CASE("opening a tokenizer") {
  check_faults([] { Tokenizer::open(kFolder); });
  const std::string json = kFolder + "/tokenizer.json";
  check_faults([&] { Tokenizer::open(json); });
  check_faults([] { Tokenizer::open(kGguf); });
}

TEST_CASE("encoding and decoding") {
  const Tokenizer tokenizer = Tokenizer::open(test_data("golden/data/c1_phi4"));
  const std::string text =
      "The software is provided \"as is\", w\xC3\xADthout warranty \xF0\x9F\x98\x80 of any kind. "
      "<|im_end|>";
  const std::vector<Token> ids = tokenizer.encode(text, phi::Specials::parse);
  check_faults([&] {
    if (tokenizer.encode(text, phi::Specials::parse) != ids)
      throw std::runtime_error("other tokens");
  });
  check_faults([&] { tokenizer.encode(text); });
  check_faults([&] { tokenizer.decode(ids, phi::ShowSpecials::yes); });
}

TEST_CASE("chats") {
  const std::vector<phi::Message> messages = {{"system", "Be brief."},
                                              {"user", "What is <|im_end|> for?"}};
  for (const char* name : {"golden/data/c1_phi4", "golden/data/c5_qwen2"}) {
    CAPTURE(name);
    const Tokenizer tokenizer = Tokenizer::open(test_data(name));
    try {
      tokenizer.encode_chat(messages, phi::GenerationPrompt::yes);
    } catch (const phi::Error& error) {
      MESSAGE("skipped, the model has no chat format: " << error.what());
      continue;
    }
    check_faults([&] { tokenizer.encode_chat(messages, phi::GenerationPrompt::yes); });
    check_faults([&] { tokenizer.render_chat(messages, phi::GenerationPrompt::no); });
    check_faults([&] {
      tokenizer.render_chat_json(R"({"messages": [{"role": "user", "content": "Hi"}]})");
    });
  }
}

TEST_CASE("streams of text") {
  const Tokenizer tokenizer = Tokenizer::open(test_data("golden/data/c1_phi4"));
  const std::vector<Token> ids = tokenizer.encode("gr\xC3\xBC\xC3\x9F dich, stop");
  phi::StreamOptions options;
  options.stops = {"stop", "dich!"};
  check_faults([&] {
    phi::TextStream stream(tokenizer, options);
    for (const Token id : ids) stream.push(id);
    stream.flush();
  });
}

TEST_CASE("creating a session") {
  const Model model = Model::open(kGguf, one_thread());
  check_faults([&] { Session session(model, small_session()); });
}

TEST_CASE("a session that could not be changed is as before") {
  const Model model = Model::open(kGguf, one_thread());
  const std::vector<Token> ids = {5, 17, 3, 200, 41};
  Session session(model, small_session());
  session.append(ids);
  const std::vector<float> logits(session.logits().begin(), session.logits().end());
  const std::vector<Token> tokens(session.tokens().begin(), session.tokens().end());
  phi::Sampling sampling;
  sampling.temperature = 1;
  sampling.top_k = 20;
  sampling.bias = {{3, 1.0F}, {7, -1.0F}};
  sampling.stop_tokens = {1, 2, 3};
  auto unchanged = [&] {
    CHECK(session.position() == tokens.size());
    CHECK(std::vector<Token>(session.tokens().begin(), session.tokens().end()) == tokens);
    CHECK(std::vector<float>(session.logits().begin(), session.logits().end()) == logits);
  };
  fail_each_allocation(
      Failing::once, [&] { return outcome_of([&] { session.set_sampling(sampling); }); },
      unchanged);
}

TEST_CASE("append and next allocate nothing of ours once the session exists") {
  // Files of every kind of arithmetic: float32, bfloat16 and a block format.
  for (const char* name :
       {"c1_phi4", "c8_phi4_sharded", "c3_phi3_longrope", "gguf/g1_phi4/g1_phi4-Q4_0.gguf",
        "gguf/g1_phi4/g1_phi4-Q4_K.gguf", "gguf/g4_phi4mini/g4_phi4mini-F16.gguf"}) {
    for (const phi::Kv kv : {phi::Kv::bf16, phi::Kv::f32, phi::Kv::int8}) {
      CAPTURE(name);
      CAPTURE(static_cast<int>(kv));
      const Model model = Model::open(test_data(std::string("golden/data/") + name));
      phi::SessionOptions options;
      options.context = 128;
      options.threads = 2;
      options.kv = kv;
      options.sampling.temperature = 0.8F;
      options.sampling.top_k = 40;
      options.sampling.top_p = 0.95F;
      options.sampling.min_p = 0.01F;
      options.sampling.repeat_penalty = 1.1F;
      options.sampling.frequency_penalty = 0.1F;
      options.sampling.bias = {{3, -1.0F}};
      options.sampling.ignore_end = true;
      Session session(model, options);
      std::vector<Token> prompt(61);
      for (size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<Token>(7 + 5 * i);
      std::vector<float> logits(2 * model.info().vocab_size);

      OwnAllocations own(reinterpret_cast<const void*>(&dnnl_brgemm_execute));
      session.append(prompt);
      CHECK(own.take() == 0);
      for (int step = 0; step < 8; ++step) session.next();  // crosses longrope's boundary at 64
      session.logits();
      CHECK(own.take() == 0);
      session.append_logits(std::span(prompt).first(2), logits);
      session.rewind(20);
      session.append(std::span(prompt).first(9));
      CHECK(own.take() == 0);
    }
  }
}

TEST_CASE("a call that ran out of memory leaves the session as it was") {
  // What fails here is inside of oneDNN, whose kernels take memory for a moment.
  for (const char* name : {"c8_phi4_sharded", "gguf/g1_phi4/g1_phi4-Q4_0.gguf"}) {
    CAPTURE(name);
    const Model model = Model::open(test_data(std::string("golden/data/") + name));
    phi::SessionOptions options = small_session();
    Session session(model, options);
    const std::vector<Token> first = {5, 17, 3, 200, 41}, second = {8, 9};
    session.append(first);
    session.append(second);
    const std::vector<float> expected(session.logits().begin(), session.logits().end());
    const auto length = static_cast<uint32_t>(first.size());
    session.rewind(length);
    auto attempt = [&] {
      const Outcome outcome = outcome_of([&] {
        session.append(second);
        session.next();
      });
      if (outcome.kind == Outcome::done) session.rewind(length);
      return outcome;
    };
    auto unchanged = [&] {
      session.rewind(length);  // next() may have failed after append() went well
      session.append(second);
      CHECK(std::vector<float>(session.logits().begin(), session.logits().end()) == expected);
      session.rewind(length);
    };
    fail_each_allocation(Failing::once, attempt, unchanged);
  }
}

TEST_CASE("a step that ran out of memory is done again by the next one") {
  for (const char* name : {"c8_phi4_sharded", "gguf/g1_phi4/g1_phi4-Q4_0.gguf"}) {
    CAPTURE(name);
    const Model model = Model::open(test_data(std::string("golden/data/") + name));
    Session session(model, small_session());
    const std::vector<Token> first = {5, 17, 3, 200, 41}, second = {8, 9};
    session.append(first);
    session.append(second);
    const std::vector<float> expected(session.logits().begin(), session.logits().end());
    const auto length = static_cast<uint32_t>(first.size());
    const auto step_to_token = [&] {
      while (!session.step(std::chrono::microseconds(0))) {
      }
    };
    auto attempt = [&] {
      session.rewind(length);
      session.enqueue(second);
      return outcome_of(step_to_token);
    };
    auto goes_on = [&] {
      CHECK(session.position() == length + second.size());
      step_to_token();
      session.rewind(length + 2);
      CHECK(std::vector<float>(session.logits().begin(), session.logits().end()) == expected);
    };
    fail_each_allocation(Failing::once, attempt, goes_on);
  }
}

TEST_SUITE_END();
