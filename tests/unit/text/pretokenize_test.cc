#include "text/pretokenize.h"

#include <doctest/doctest.h>

#include "phi/error.h"
#include "text/split_patterns.h"

using phi::text::Pretokenizer;
using phi::text::Rest;
using Pieces = std::vector<std::string_view>;

namespace {

Pieces split(const std::vector<std::string>& patterns, std::string_view text,
             Rest rest = Rest::kept) {
  Pieces pieces;
  Pretokenizer(patterns, rest).split(text, pieces);
  return pieces;
}

}  // namespace

// tiktoken and Hugging Face split these so.
TEST_CASE("cl100k splits words, digits in threes, punctuation and white space") {
  const std::vector<std::string> cl100k{std::string(phi::text::kCl100kPattern)};
  CHECK(split(cl100k, "Hello, world!") == Pieces{"Hello", ",", " world", "!"});
  CHECK(split(cl100k, "it's 12345") == Pieces{"it", "'s", " ", "123", "45"});
  CHECK(split(cl100k, "a   b\n\n c") == Pieces{"a", "  ", " b", "\n\n", " c"});
  CHECK(split(cl100k, "").empty());
}

TEST_CASE("\\s is the property White_Space, alone and in classes") {
  CHECK(split({R"(\s+)"}, "a\xE1\xA0\x8E b") ==
        Pieces{"a\xE1\xA0\x8E", " ", "b"});  // U+180E is none
  CHECK(split({R"([^\sx]+)"}, "ax\xE1\xA0\x8E b", Rest::removed) ==
        Pieces{"a", "\xE1\xA0\x8E", "b"});
  CHECK(split({R"([\S]+)"}, "a \xC2\x85 b", Rest::removed) == Pieces{"a", "b"});
  CHECK(split({R"(\S)"}, "\xE1\xA0\x8E\xE3\x80\x80", Rest::removed) == Pieces{"\xE1\xA0\x8E"});
  CHECK(split({R"(\\s)"}, "a\\sb", Rest::removed) == Pieces{"\\s"});
  CHECK(split({R"([]\s]+)"}, "a] b", Rest::removed) == Pieces{"] "});
}

TEST_CASE("what lies between matches is kept or removed; patterns work on the pieces before them") {
  CHECK(split({"[0-9]"}, "ab12c") == Pieces{"ab", "1", "2", "c"});
  CHECK(split({"[0-9]"}, "ab12c", Rest::removed) == Pieces{"1", "2"});
  CHECK(split({"[0-9]+", "1|a"}, "ab12c") == Pieces{"a", "b", "1", "2", "c"});
  CHECK(split({"x*"}, "axxb") == Pieces{"a", "xx", "b"});
  CHECK(split({}, "abc") == Pieces{"abc"});
}

TEST_CASE("bad and runaway patterns are errors") {
  CHECK_THROWS_AS(Pretokenizer({"("}, Rest::kept), phi::Error);
  CHECK_THROWS_AS(Pretokenizer({"\xFF"}, Rest::kept), phi::Error);
  CHECK_THROWS_AS(Pretokenizer({std::string(100000, 'a')}, Rest::kept), phi::Error);
  CHECK_THROWS_AS(Pretokenizer({R"([\W])"}, Rest::kept), phi::Error);
  CHECK_THROWS_AS(split({"(a|aa|aaa)+b"}, std::string(50, 'a') + "xb"), phi::Error);
}

TEST_CASE("deep recursion in a pattern falls back from the compiled code's stack") {
  const std::string text(300000, 'a');
  CHECK(split({"(?:a|b)*c|a"}, text.substr(0, 2000)).size() == 2000);
  CHECK(split({"(?:(?=a)a|b)+"}, text) == Pieces{text});
}
