// Generation in slices gives the bits of generation in one go, wherever it is interrupted and
// whatever comes between.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "api/loaded_model.h"
#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "session/session_impl.h"
#include "support/compare.h"
#include "support/golden_tensors.h"
#include "support/test_paths.h"

namespace phi {

namespace {

using session::SessionImpl;

/// A small model and a prompt for it.
struct Fixture {
  explicit Fixture(const std::string& file)
      : path(test::test_data("golden/data/" + file)), model(Model::open(path)) {
    const bool is_folder = std::filesystem::is_directory(path);
    const test::GoldenTensors golden(
        is_folder ? path + "/golden.safetensors"
                  : std::filesystem::path(path).replace_extension(".golden.safetensors").string());
    prompt = golden.tokens("input_ids.T" + std::to_string(golden.lengths("input_ids").back()));
  }
  std::span<const Token> first(size_t count) const { return std::span(prompt).first(count); }

  std::string path;
  Model model;
  std::vector<Token> prompt;
};

const Fixture& small() {
  static const Fixture fixture("c1_phi4");
  return fixture;
}

SessionOptions options_of(Kv kv, int threads, uint32_t context = 0) {
  SessionOptions options;
  options.kv = kv;
  options.threads = threads;
  options.context = context;
  options.sampling.ignore_end = true;
  options.sampling.temperature = 0.8F;
  options.sampling.top_p = 0.95F;
  options.sampling.repeat_penalty = 1.1F;
  options.sampling.seed = 7;
  return options;
}

struct InternalSession : SessionImpl {
  InternalSession(const Fixture& fixture, const SessionOptions& options)
      : SessionImpl(fixture.model.impl()->decoder(), {}, options) {}
};

SliceLimit tasks(int64_t count) { return {.tasks = count}; }

std::vector<Token> generate(SessionImpl& session, size_t count) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(session.next().token);
  return tokens;
}

Token step_to_token(SessionImpl& session, const std::function<int64_t()>& tasks_of_slice) {
  while (true) {
    if (const auto next = session.step(tasks(tasks_of_slice()))) return next->token;
  }
}

std::vector<Token> generate_in_slices(SessionImpl& session, size_t count,
                                      const std::function<int64_t()>& tasks_of_slice) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(step_to_token(session, tasks_of_slice));
  return tokens;
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

/// What a session without slices says to a prompt.
struct Expected {
  Expected(const Fixture& fixture, const SessionOptions& options, std::span<const Token> prompt,
           size_t count) {
    InternalSession session(fixture, options);
    session.append(prompt, nullptr);
    tokens = generate(session, count);
    logits = copy(session.logits());
  }
  void check(SessionImpl& session, const std::vector<Token>& generated) const {
    CHECK(test::differs(generated, tokens) == "");
    CHECK(test::differs_in_bits(session.logits(), logits, session.vocab_size()) == "");
  }
  std::vector<Token> tokens;
  std::vector<float> logits;
};

}  // namespace

TEST_SUITE_BEGIN("slices");

TEST_CASE("slices of one task and of random lengths, every model, cache and number of threads") {
  for (const char* name : {"c1_phi4", "c2_phi3_window", "c3_phi3_longrope", "c4_phi4mini",
                           "c5_qwen2", "c7_llama_mha_tied", "gguf/g1_phi4/g1_phi4-Q4_0.gguf",
                           "gguf/g1_phi4/g1_phi4-Q4_K.gguf", "gguf/g1_phi4/g1_phi4-Q8_0.gguf"}) {
    CAPTURE(name);
    const Fixture fixture(name);
    for (const Kv kv : {Kv::bf16, Kv::f32, Kv::int8}) {
      CAPTURE(static_cast<int>(kv));
      const uint32_t context = static_cast<uint32_t>(fixture.prompt.size()) + 8;
      const Expected expected(fixture, options_of(kv, 1, context), fixture.prompt, 5);
      for (const int threads : {1, 2, 3}) {
        CAPTURE(threads);
        std::mt19937 random(1);
        const std::function<int64_t()> lengths[] = {
            [] { return 1; }, [&] { return std::uniform_int_distribution(1, 40)(random); }};
        for (const auto& length : lengths) {
          InternalSession session(fixture, options_of(kv, threads, context));
          session.enqueue(fixture.prompt);
          CHECK(session.position() == fixture.prompt.size());
          expected.check(session, generate_in_slices(session, 5, length));
        }
      }
    }
  }
}

TEST_CASE("the fast precision of prompts") {
  const Fixture fixture("gguf/g1_phi4/g1_phi4-Q4_0.gguf");
  SessionOptions options = options_of(Kv::bf16, 2);
  options.precision = Precision::fast;
  const Expected expected(fixture, options, fixture.prompt, 5);
  for (const int64_t length : {1, 10, 100}) {
    InternalSession session(fixture, options);
    session.enqueue(fixture.prompt);
    expected.check(session, generate_in_slices(session, 5, [length] { return length; }));
  }
}

TEST_CASE("interrupted after any task, whatever call comes then, the tokens are the same") {
  const Fixture& fixture = small();
  const SessionOptions options = options_of(Kv::bf16, 1);
  // More than one pass, and a generated token that waits.
  const std::span<const Token> prompt = fixture.prompt;
  const Expected expected(fixture, options, prompt, 4);
  const std::function<void(SessionImpl&)> calls[] = {
      [](SessionImpl&) {},
      [](SessionImpl& session) { (void)session.logits(); },
      [](SessionImpl& session) { session.enqueue({}); },
      [](SessionImpl& session) { session.rewind(session.position()); },
      [](SessionImpl& session) { session.cancel(); },
      [&](SessionImpl& session) {  // other tokens in their place, and back
        const uint32_t position = session.position(), keep = position - 3;
        const std::vector<Token> tail(session.tokens().begin() + keep, session.tokens().end());
        session.rewind(keep);
        session.enqueue(std::vector<Token>{1, 2, 3});
        (void)session.step(tasks(9));
        if (session.position() != position) session.rewind(position);
        session.rewind(keep);
        session.enqueue(tail);
      }};
  for (size_t call = 0; call < std::size(calls); ++call) {
    CAPTURE(call);
    const bool replaces = call + 1 == std::size(calls);
    bool is_suspended = true;
    const int64_t stride = call == 0 ? 1 : 5;
    for (auto before = static_cast<int64_t>(call + 1); is_suspended; before += stride) {
      CAPTURE(before);
      InternalSession session(fixture, options);
      session.enqueue(prompt);
      std::vector<Token> generated;
      const auto first = session.step(tasks(before));
      if (first) generated.push_back(first->token);
      is_suspended = !first;
      if (replaces && first) break;
      if (replaces) {
        // A draw in between moves the generator; logits do not depend on it.
        calls[call](session);
        InternalSession whole(fixture, options);
        whole.append(session.tokens(), nullptr);
        CHECK(test::differs_in_bits(session.logits(), whole.logits(), session.vocab_size()) == "");
        continue;
      }
      calls[call](session);
      if (call == 4) {
        const uint32_t position = session.position();
        CHECK_THROWS_AS((void)session.step(tasks(5)), Error);
        CHECK(session.position() == position);
      }
      while (generated.size() < 2) generated.push_back(step_to_token(session, [] { return 1000; }));
      while (generated.size() < 4) generated.push_back(session.next().token);
      expected.check(session, generated);
    }
  }
}

TEST_CASE("a generated token may be interrupted at any task") {
  const Fixture& fixture = small();
  for (const Kv kv : {Kv::bf16, Kv::f32, Kv::int8}) {
    const SessionOptions options = options_of(kv, 1);
    const Expected expected(fixture, options, fixture.first(20), 4);
    bool is_suspended = true;
    for (int64_t before = 1; is_suspended; ++before) {
      InternalSession session(fixture, options);
      session.append(fixture.first(20), nullptr);
      std::vector<Token> generated = generate(session, 1);
      const auto next = session.step(tasks(before));
      is_suspended = !next;
      if (next) generated.push_back(next->token);
      while (generated.size() < 4) generated.push_back(session.next().token);
      expected.check(session, generated);
    }
  }
}

TEST_CASE("any sequence of calls: enqueue and step stand for append and next") {
  for (const char* name : {"c1_phi4", "c3_phi3_longrope"}) {
    CAPTURE(name);
    const Fixture fixture(name);
    const uint32_t context = 200;
    for (unsigned seed = 0; seed < 12; ++seed) {
      CAPTURE(seed);
      std::mt19937 random(seed);
      const auto any = [&](int low, int high) {
        return std::uniform_int_distribution(low, high)(random);
      };
      InternalSession plain(fixture, options_of(Kv::f32, 1, context));
      InternalSession sliced(fixture, options_of(Kv::f32, 2, context));
      for (int call = 0; call < 40; ++call) {
        const uint32_t position = plain.position();
        switch (position == 0 ? 0 : any(0, 5)) {
          case 0:
          case 1: {
            const auto count =
                std::min<size_t>(static_cast<size_t>(any(1, 60)),
                                 std::min<size_t>(context - position, fixture.prompt.size()));
            const auto from = static_cast<size_t>(any(0, 3)) % (fixture.prompt.size() - count + 1);
            const auto tokens = std::span(fixture.prompt).subspan(from, count);
            plain.append(tokens, nullptr);
            if (any(0, 3) == 0) {
              sliced.append(tokens, nullptr);
            } else {
              sliced.enqueue(tokens);
            }
            break;
          }
          case 2:
          case 3:
            if (position == context) break;
            CHECK(plain.next().token == (any(0, 4) == 0
                                             ? sliced.next().token
                                             : step_to_token(sliced, [&] { return any(1, 60); })));
            break;
          case 4: {
            const auto keep = static_cast<uint32_t>(any(0, static_cast<int>(position)));
            plain.rewind(keep);
            sliced.rewind(keep);
            break;
          }
          default:
            CHECK(test::differs_in_bits(sliced.logits(), plain.logits(), plain.vocab_size()) == "");
        }
        CHECK(plain.position() == sliced.position());
      }
    }
  }
}

TEST_CASE("budgets in time: none, tiny, ample") {
  const Fixture& fixture = small();
  const SessionOptions options = options_of(Kv::bf16, 2);
  const Expected expected(fixture, options, fixture.prompt, 5);
  for (const std::chrono::microseconds budget :
       {std::chrono::microseconds(0), std::chrono::microseconds(-5), std::chrono::microseconds(50),
        std::chrono::microseconds(1000), std::chrono::microseconds::max()}) {
    Session session(fixture.model, options);
    session.enqueue(fixture.prompt);
    std::vector<Token> tokens;
    int pending = 0;
    while (tokens.size() < 5) {
      if (const auto next = session.step(budget)) {
        tokens.push_back(next->token);
      } else {
        ++pending;
      }
    }
    CHECK(test::differs(tokens, expected.tokens) == "");
    if (budget <= std::chrono::microseconds(0)) CHECK(pending > 50);
    if (budget == std::chrono::microseconds::max()) CHECK(pending == 0);
  }
}

TEST_CASE("a chat that is enqueued keeps the common beginning and says what append_chat says") {
  const Fixture& fixture = small();
  Session plain(fixture.model, options_of(Kv::bf16, 1)),
      sliced(fixture.model, options_of(Kv::bf16, 1));
  std::vector<Message> chat = {{"user", "What is 2 + 2?"}};
  for (int turn = 0; turn < 2; ++turn) {
    plain.append_chat(chat);
    sliced.enqueue_chat(chat);
    CHECK(plain.position() == sliced.position());
    for (int i = 0; i < 4; ++i) {
      const Token expected = plain.next().token;
      auto next = sliced.step(std::chrono::microseconds(10));
      while (!next) next = sliced.step(std::chrono::microseconds(10));
      CHECK(next->token == expected);
    }
    chat.push_back({"assistant", "four"});
    chat.push_back({"user", "and 3 + 3?"});
  }
}

TEST_CASE("what is refused changes nothing") {
  const Fixture& fixture = small();
  InternalSession session(fixture, options_of(Kv::bf16, 1, 16));
  CHECK_THROWS_WITH((void)session.step(tasks(1)),
                    "step: the session is empty; append at least one token first");
  CHECK_THROWS_AS(session.enqueue(std::vector<Token>{3, -1}), Error);
  CHECK_THROWS_AS(session.enqueue(std::vector<Token>(17, 3)), Error);
  CHECK(session.position() == 0);
  session.enqueue(std::vector<Token>(15, 3));
  CHECK_FALSE(session.step(tasks(1)).has_value());
  CHECK_THROWS_AS(session.enqueue(std::vector<Token>(2, 3)), Error);
  CHECK_THROWS_AS(session.enqueue_tail(3, std::vector<Token>{5000}), Error);
  CHECK(session.position() == 15);
  (void)step_to_token(session, [] { return 3; });
  CHECK(session.position() == 16);
  CHECK_THROWS_AS((void)session.step(tasks(1)), Error);
  CHECK(session.position() == 16);
}

TEST_SUITE_END();

}  // namespace phi
