#include "api/stop_matcher.h"

#include <doctest/doctest.h>

#include "phi/error.h"

namespace phi::detail {

namespace {

struct Outcome {
  std::string text;
  bool stopped = false;
  bool operator==(const Outcome&) const = default;
};

/// Feeds `text` in pieces of `step` bytes.
Outcome run(const std::vector<std::string>& stops, std::string_view text, size_t step) {
  StopMatcher matcher(stops);
  Outcome outcome;
  for (size_t i = 0; i < text.size() && !outcome.stopped; i += step) {
    outcome.stopped = matcher.push(text.substr(i, step), outcome.text);
  }
  if (!outcome.stopped) matcher.flush(outcome.text);
  return outcome;
}

/// What the definition says, slowly: the first end of any stop string, there the longest.
Outcome naive(const std::vector<std::string>& stops, std::string_view text) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t longest = 0;
    for (const std::string& stop : stops) {
      if (text.substr(0, end).ends_with(stop)) longest = std::max(longest, stop.size());
    }
    if (longest > 0) return {std::string(text.substr(0, end - longest)), true};
  }
  return {std::string(text), false};
}

}  // namespace

TEST_CASE("text is released as soon as it cannot begin a stop string") {
  StopMatcher matcher({"<|end|>"});
  std::string out;
  CHECK_FALSE(matcher.push("Hello <", out));
  CHECK(out == "Hello ");
  CHECK_FALSE(matcher.push("|e", out));
  CHECK(out == "Hello ");
  CHECK_FALSE(matcher.push("x", out));
  CHECK(out == "Hello <|ex");
  CHECK_FALSE(matcher.push("<|end|", out));
  CHECK(out == "Hello <|ex");
  CHECK(matcher.push("> and more", out));
  CHECK(out == "Hello <|ex");
}

TEST_CASE("flush gives what was held back") {
  StopMatcher matcher({"stop"});
  std::string out;
  CHECK_FALSE(matcher.push("no sto", out));
  matcher.flush(out);
  CHECK(out == "no sto");
  CHECK_FALSE(matcher.push("p", out));  // a new text: not the end of the old one
  matcher.flush(out);
  CHECK(out == "no stop");
}

TEST_CASE("every cut of the text gives what the definition says") {
  const std::vector<std::vector<std::string>> stop_sets = {{},
                                                           {"a"},
                                                           {"ab"},
                                                           {"aab"},
                                                           {"abab", "b"},
                                                           {"abcd", "bc"},
                                                           {"bc", "abc"},
                                                           {"aaaa"},
                                                           {"ca", "abca", "cab"},
                                                           {"\n\n", "User:"}};
  const std::vector<std::string> texts = {"",          "a",        "aaab",
                                          "abababab",  "xabcd",    "abacabab",
                                          "aaabaaaab", "ccabcabc", "one\nUs\n\nUser: x"};
  for (const auto& stops : stop_sets) {
    for (const std::string& text : texts) {
      for (size_t step = 1; step <= text.size() + 1; ++step) {
        CAPTURE(text);
        CAPTURE(step);
        CHECK(run(stops, text, step) == naive(stops, text));
      }
    }
  }
}

TEST_CASE("an empty stop string is refused by name") {
  try {
    StopMatcher matcher({"x", ""});
    FAIL("must be refused");
  } catch (const Error& error) {
    CHECK(error.code() == Code::invalid_argument);
    CHECK(std::string(error.what()).find("stops[1]") != std::string::npos);
  }
}

}  // namespace phi::detail
