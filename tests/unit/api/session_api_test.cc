#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "phi/error.h"
#include "phi/session.h"
#include "support/compare.h"
#include "support/golden_tensors.h"
#include "support/test_paths.h"

namespace phi {

namespace {

const std::string kFolder = test::test_data("golden/data/c1_phi4");

/// One model for all cases: opened once, shared as applications do.
const Model& small_model() {
  static const Model model = Model::open(kFolder);
  return model;
}

SessionOptions f32_cache(uint32_t context = 0) {
  SessionOptions options;
  options.kv = Kv::f32;
  options.context = context;
  options.threads = 2;
  return options;
}

std::vector<Token> prompt() {
  return test::GoldenTensors(kFolder + "/golden.safetensors").tokens("input_ids.T7");
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

std::vector<Token> generate(Session& session, int count) {
  std::vector<Token> tokens;
  for (int i = 0; i < count; ++i) tokens.push_back(session.next().token);
  return tokens;
}

template <class Call>
Code code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return Code{};
}

}  // namespace

TEST_CASE("greedy continuation, token by token") {
  const test::GoldenTensors golden(kFolder + "/golden.safetensors");
  for (const int64_t length : golden.lengths("input_ids")) {
    Session session(small_model(), f32_cache());
    const std::string suffix = ".T" + std::to_string(length);
    session.append(golden.tokens("input_ids" + suffix));
    const std::vector<Token>& expected = golden.tokens("greedy_ids" + suffix);
    CHECK(test::differs(generate(session, static_cast<int>(expected.size())), expected) == "");
    CHECK(session.position() == static_cast<uint32_t>(length) + expected.size());
  }
}

TEST_CASE("a sampled token counts at once and is evaluated when it is needed") {
  Session session(small_model(), f32_cache());
  session.append(prompt());
  CHECK(session.position() == 7);
  const std::vector<float> before = copy(session.logits());
  const Token token = session.next().token;
  CHECK(session.position() == 8);
  CHECK(session.tokens().back() == token);
  CHECK(std::max_element(before.begin(), before.end()) - before.begin() == token);
  const std::vector<float> after = copy(session.logits());
  CHECK(test::differs_in_bits(after, before, 1003) != "");
  const Token second = session.next().token;
  CHECK(std::max_element(after.begin(), after.end()) - after.begin() == second);
}

TEST_CASE("append takes a waiting token along") {
  Session split(small_model(), f32_cache()), whole(small_model(), f32_cache());
  split.append(prompt());
  const Token token = split.next().token;
  const std::vector<Token> more = {8, 9, 10};
  split.append(more);
  std::vector<Token> all = prompt();
  all.push_back(token);
  all.insert(all.end(), more.begin(), more.end());
  whole.append(all);
  CHECK(test::differs_in_bits(split.logits(), whole.logits(), 1003) == "");
}

TEST_CASE("append_logits gives the logits after every token") {
  const std::vector<Token> tokens = prompt();
  Session rows(small_model(), f32_cache()), single(small_model(), f32_cache());
  std::vector<float> logits(tokens.size() * 1003);
  rows.append_logits(tokens, logits);
  for (size_t i = 0; i < tokens.size(); ++i) {
    single.append({&tokens[i], 1});
    CHECK(test::differs_in_bits(std::span(logits).subspan(i * 1003, 1003), single.logits(), 1003) ==
          "");
  }
  CHECK(test::differs_in_bits(std::span(logits).last(1003), rows.logits(), 1003) == "");
  CHECK(code_of([&] { rows.append_logits(tokens, std::span(logits).first(1003)); }) ==
        Code::invalid_argument);
  CHECK(rows.position() == 7);
}

TEST_CASE("a precision that does not exist is refused") {
  SessionOptions options;
  options.precision = static_cast<Precision>(9);
  CHECK(code_of([&] { Session session(small_model(), options); }) == Code::invalid_argument);
}

TEST_CASE("rewinding gives the same tokens and the same bits again") {
  Session session(small_model(), f32_cache());
  session.append(prompt());
  const std::vector<float> after_prompt = copy(session.logits());
  const std::vector<Token> first = generate(session, 12);
  (void)session.logits();
  session.rewind(10);
  const std::vector<float> at_ten = copy(session.logits());
  CHECK(generate(session, 9) == std::vector<Token>(first.begin() + 3, first.end()));
  session.rewind(10);
  CHECK(test::differs_in_bits(session.logits(), at_ten, 1003) == "");
  session.rewind(7);
  CHECK(test::differs_in_bits(session.logits(), after_prompt, 1003) == "");
  CHECK(generate(session, 12) == first);
  CHECK(code_of([&] { session.rewind(20); }) == Code::out_of_range);
  session.rewind(0);
  CHECK(session.position() == 0);
  session.append(prompt());
  CHECK(test::differs_in_bits(session.logits(), after_prompt, 1003) == "");
}

TEST_CASE("an empty session has nothing to say") {
  Session session(small_model(), f32_cache());
  CHECK(code_of([&] { (void)session.next(); }) == Code::invalid_argument);
  CHECK(code_of([&] { (void)session.logits(); }) == Code::invalid_argument);
  session.append({});
  CHECK(session.position() == 0);
}

TEST_CASE("tokens outside the vocabulary are refused before anything happens") {
  Session session(small_model(), f32_cache());
  session.append(prompt());
  for (const Token bad : {-1, 1003, 1 << 30}) {
    const std::vector<Token> tokens = {1, bad};
    CHECK(code_of([&] { session.append(tokens); }) == Code::out_of_range);
    CHECK(session.position() == 7);
  }
}

TEST_CASE("a full context is an error that changes nothing") {
  Session session(small_model(), f32_cache(10));
  CHECK(session.context() == 10);
  session.append(prompt());
  const std::vector<Token> four = {1, 2, 3, 4};
  CHECK(code_of([&] { session.append(four); }) == Code::context_full);
  CHECK(session.position() == 7);
  const std::vector<Token> generated = generate(session, 3);
  CHECK(code_of([&] { (void)session.next(); }) == Code::context_full);
  CHECK(session.position() == 10);
  CHECK(session.logits().size() == 1003);  // the last token can still be evaluated
  session.rewind(7);
  CHECK(generate(session, 3) == generated);
}

TEST_CASE("contexts: the default, the model's own, and beyond") {
  CHECK(Session(small_model()).context() == 512);
  CHECK(Session(small_model(), f32_cache(512)).context() == 512);
  try {
    const Session session(small_model(), f32_cache(513));
    FAIL("must be refused");
  } catch (const Error& error) {
    CHECK(error.code() == Code::out_of_range);
    CHECK(std::string(error.what()).find("513") != std::string::npos);
    CHECK(std::string(error.what()).find("512") != std::string::npos);
  }
}

TEST_CASE("a cancel is used up by exactly one append or next") {
  Session session(small_model(), f32_cache());
  const std::vector<Token> tokens = prompt();
  session.cancel();
  session.cancel();
  CHECK(code_of([&] { session.append(tokens); }) == Code::cancelled);
  CHECK(session.position() == 0);
  session.append(tokens);
  const std::vector<float> logits = copy(session.logits());
  session.cancel();
  CHECK(test::differs_in_bits(session.logits(), logits, 1003) == "");  // is no append and no next
  session.rewind(7);
  CHECK(code_of([&] { (void)session.next(); }) == Code::cancelled);
  CHECK(session.position() == 7);
  const Token token = session.next().token;
  session.cancel();
  CHECK(session.logits().size() == 1003);
  CHECK(code_of([&] { session.append(tokens); }) == Code::cancelled);
  CHECK(session.tokens().back() == token);
}

TEST_CASE("keep_going hears of progress and can stop an append") {
  SessionOptions options = f32_cache();
  bool stop = false;
  double last = 0;
  int calls = 0;
  options.keep_going = [&](double done) {
    ++calls;
    CHECK(done >= 0);
    CHECK(done <= 1);
    last = done;
    return !stop;
  };
  Session session(small_model(), options);
  const std::vector<Token> tokens(400, 7);
  const auto start = std::chrono::steady_clock::now();
  session.append(tokens);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::steady_clock::now() - start)
                        .count();
  CHECK(calls <= took / 20 + 1);
  const std::vector<float> logits = copy(session.logits());

  Session other(small_model(), options);
  other.append(std::span(tokens).first(100));
  std::this_thread::sleep_for(std::chrono::milliseconds(25));
  stop = true;
  calls = 0;
  CHECK(code_of([&] { other.append(std::span(tokens).subspan(100)); }) == Code::cancelled);
  CHECK(calls == 1);
  CHECK(other.position() == 100);
  stop = false;
  other.append(std::span(tokens).subspan(100));
  CHECK(test::differs_in_bits(other.logits(), logits, 1003) == "");
}

TEST_CASE("a cancel from another thread stops a prefill and harms nothing") {
  std::vector<Token> tokens(500);
  for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<Token>(i * 31 % 1003);
  Session reference(small_model(), f32_cache());
  reference.append(tokens);
  Session session(small_model(), f32_cache());
  int cancelled = 0;
  for (int round = 0; round < 20; ++round) {
    session.rewind(0);
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(round * 150));
      session.cancel();
    });
    Code code = code_of([&] { session.append(tokens); });
    canceller.join();
    if (code == Code{}) {  // it came too late, and waits for the next one
      CHECK(session.position() == 500);
      code = code_of([&] { (void)session.next(); });
      CHECK(session.position() == 500);
    } else {
      CHECK(session.position() == 0);
    }
    CHECK(code == Code::cancelled);
    ++cancelled;
  }
  CHECK(cancelled == 20);
  session.rewind(0);
  session.append(tokens);
  CHECK(test::differs_in_bits(session.logits(), reference.logits(), 1003) == "");
}

TEST_CASE("end tokens and stop tokens") {
  Session session(small_model(), f32_cache());
  session.append(prompt());
  Sampling sampling;
  sampling.bias = {{998, 1000.0f}};  // the model's end token
  session.set_sampling(sampling);
  Session::Next next = session.next();
  CHECK(next.token == 998);
  CHECK(next.end);
  CHECK(session.tokens().back() == 998);
  next = session.next();  // calling on is allowed
  CHECK(next.end);
  sampling.ignore_end = true;
  session.set_sampling(sampling);
  CHECK_FALSE(session.next().end);
  sampling.stop_tokens = {998};
  session.set_sampling(sampling);
  CHECK(session.next().end);
  sampling = {};
  sampling.bias = {{5, 1000.0f}};
  sampling.stop_tokens = {5};
  session.set_sampling(sampling);
  next = session.next();
  CHECK(next.token == 5);
  CHECK(next.end);
}

TEST_CASE(
    "a seed gives the same tokens for every number of threads; set_sampling starts it again") {
  std::vector<Token> first;
  for (const int32_t threads : {1, 2, 3}) {
    SessionOptions options = f32_cache();
    options.threads = threads;
    options.sampling.temperature = 1.5f;
    options.sampling.seed = 77;
    Session session(small_model(), options);
    session.append(prompt());
    const std::vector<Token> tokens = generate(session, 10);
    if (first.empty()) first = tokens;
    CHECK(tokens == first);
    session.rewind(7);
    session.set_sampling(options.sampling);
    CHECK(generate(session, 10) == first);
    session.rewind(7);
    CHECK(generate(session, 10) != first);  // the generator runs on
  }
}

TEST_CASE("sessions of one model do not disturb each other") {
  Session reference(small_model(), f32_cache());
  reference.append(prompt());
  const std::vector<Token> expected = generate(reference, 20);
  std::vector<std::thread> threads;
  std::vector<std::vector<Token>> results(6);
  for (std::vector<Token>& result : results) {
    threads.emplace_back([&result] {
      SessionOptions options = f32_cache();
      options.threads = 1;
      Session session(small_model(), options);
      session.append(prompt());
      result = generate(session, 20);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<Token>& result : results) CHECK(result == expected);
}

}  // namespace phi
