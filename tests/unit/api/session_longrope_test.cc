#include <doctest/doctest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "phi/error.h"
#include "phi/session.h"
#include "support/compare.h"
#include "support/golden_tensors.h"
#include "support/test_paths.h"

// Longrope models change their frequencies when the whole becomes longer than the original context,
// here 64 tokens.
namespace phi {

namespace {

constexpr uint32_t kOriginal = 64;

struct Fixture {
  explicit Fixture(const std::string& name)
      : folder(test::test_data("golden/data/" + name)),
        model(Model::open(folder)),
        golden(folder + "/golden.safetensors") {}
  Session session(KeepGoing keep_going = {}) const {
    SessionOptions options;
    options.kv = Kv::f32;
    options.context = 200;
    options.threads = 2;
    options.keep_going = std::move(keep_going);
    return Session(model, options);
  }
  std::string folder;
  Model model;
  test::GoldenTensors golden;
};

std::vector<Token> generate(Session& session, size_t count) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(session.next().token);
  return tokens;
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

}  // namespace

TEST_CASE("the default context stays within the original length") {
  CHECK(Session(Fixture("c3_phi3_longrope").model).context() == kOriginal);
}

TEST_CASE("generation across the boundary follows a whole evaluation of every length") {
  for (const char* name : {"c3_phi3_longrope", "c4_phi4mini"}) {
    CAPTURE(name);
    const Fixture fixture(name);
    for (const int64_t length : fixture.golden.lengths("greedy_ids")) {
      const std::string suffix = ".T" + std::to_string(length);
      ModelOptions f32;
      f32.weights = Weights::f32;
      const Model model = Model::open(fixture.folder, f32);
      SessionOptions options;
      options.kv = Kv::f32;
      options.context = 200;
      Session session(model, options);
      session.append(fixture.golden.tokens("input_ids" + suffix));
      const std::vector<Token>& expected = fixture.golden.tokens("greedy_ids" + suffix);
      CHECK(test::differs(generate(session, expected.size()), expected) == "");
    }
  }
}

TEST_CASE("crossing forwards and back gives the bits of a fresh session") {
  const Fixture fixture("c3_phi3_longrope");
  const std::vector<Token>& tokens = fixture.golden.tokens("input_ids.T130");
  const auto fresh = [&](size_t length) {
    Session session = fixture.session();
    session.append(std::span(tokens).first(length));
    return copy(session.logits());
  };
  Session session = fixture.session();
  session.append(std::span(tokens).first(60));
  session.append(std::span(tokens).subspan(60, 4));
  CHECK(test::differs_in_bits(session.logits(), fresh(64), 640) == "");
  session.append(std::span(tokens).subspan(64, 1));
  CHECK(test::differs_in_bits(session.logits(), fresh(65), 640) == "");
  session.append(std::span(tokens).subspan(65));
  CHECK(test::differs_in_bits(session.logits(), fresh(130), 640) == "");
  session.rewind(64);
  CHECK(test::differs_in_bits(session.logits(), fresh(64), 640) == "");
  session.rewind(30);
  session.append(std::span(tokens).subspan(30, 100));
  CHECK(test::differs_in_bits(session.logits(), fresh(130), 640) == "");
}

TEST_CASE("append_logits across the boundary gives the new tokens' rows, all by the long factors") {
  const Fixture fixture("c3_phi3_longrope");
  const std::vector<Token>& tokens = fixture.golden.tokens("input_ids.T130");
  Session whole = fixture.session(), split = fixture.session();
  std::vector<float> all(130 * 640), rest(80 * 640);
  whole.append_logits(tokens, all);
  split.append(std::span(tokens).first(50));
  split.append_logits(std::span(tokens).subspan(50), rest);
  CHECK(test::differs_in_bits(rest, std::span(all).subspan(50 * 640), 640) == "");
}

TEST_CASE("a stopped recomputation leaves the tokens, and the next call gets everything right") {
  const Fixture fixture("c3_phi3_longrope");
  const std::vector<Token>& tokens = fixture.golden.tokens("input_ids.T130");
  Session reference = fixture.session();
  reference.append(std::span(tokens).first(60));
  const std::vector<Token> expected = generate(reference, 20);
  for (const bool by_callback : {false, true}) {
    bool stop = false;
    Session session = fixture.session([&](double) { return !stop; });
    session.append(std::span(tokens).first(60));
    std::vector<Token> generated =
        generate(session, 5);  // the 65th token waits; evaluating it crosses
    CHECK(session.position() == 65);
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    stop = by_callback;
    if (!by_callback) session.cancel();
    CHECK_THROWS_AS((void)session.next(), Error);
    CHECK(session.position() == 65);
    stop = false;
    const std::vector<Token> more = generate(session, 15);
    generated.insert(generated.end(), more.begin(), more.end());
    CHECK(test::differs(generated, expected) == "");
  }
}

TEST_CASE("an append that was stopped on its way across leaves a session that works on this side") {
  const Fixture fixture("c3_phi3_longrope");
  const std::vector<Token>& tokens = fixture.golden.tokens("input_ids.T130");
  Session reference = fixture.session();
  reference.append(std::span(tokens).first(50));
  bool stop = false;
  Session session = fixture.session([&](double) { return !stop; });
  session.append(std::span(tokens).first(50));
  std::this_thread::sleep_for(std::chrono::milliseconds(25));
  stop = true;
  CHECK_THROWS_AS(session.append(std::span(tokens).subspan(50)), Error);
  stop = false;
  CHECK(session.position() == 50);
  CHECK(test::differs_in_bits(session.logits(), reference.logits(), 640) == "");
}

}  // namespace phi
