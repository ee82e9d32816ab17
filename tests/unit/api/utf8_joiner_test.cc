#include "api/utf8_joiner.h"

#include <doctest/doctest.h>

#include <vector>

namespace phi::detail {

namespace {

std::string joined(std::string_view bytes, size_t step) {
  Utf8Joiner joiner;
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += step) joiner.push(bytes.substr(i, step), out);
  joiner.flush(out);
  return out;
}

#define REPLACED "\xEF\xBF\xBD"

}  // namespace

TEST_CASE("a code point is held back until it is whole") {
  Utf8Joiner joiner;
  std::string out;
  joiner.push("a\xF0\x9F", out);
  CHECK(out == "a");
  joiner.push("\x98", out);
  CHECK(out == "a");
  joiner.push("\x80z", out);
  CHECK(out == "a\xF0\x9F\x98\x80z");
}

// Expected values: Unicode 15, section 3.9, tables 3-8 to 3-11, and Python's bytes.decode("utf-8",
// "replace").
TEST_CASE("ill-formed bytes become U+FFFD, one for each maximal subpart, however they come") {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"plain", "plain"},
      {"\xC3\xA9\xE2\x82\xAC\xF4\x8F\xBF\xBF", "\xC3\xA9\xE2\x82\xAC\xF4\x8F\xBF\xBF"},
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41",
       REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED "A"},
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41",
       REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED "A"},
      {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42",
       REPLACED REPLACED REPLACED REPLACED REPLACED "A" REPLACED REPLACED "B"},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", REPLACED REPLACED REPLACED REPLACED "A"},
      {"\xE2\x82", REPLACED},
      {"\xF0\x9F\x98", REPLACED},
      {"\xC3\xC3\xA9", REPLACED "\xC3\xA9"},
  };
  for (const auto& [bytes, expected] : cases) {
    for (size_t step = 1; step <= bytes.size(); ++step) CHECK(joined(bytes, step) == expected);
  }
}

TEST_CASE("flush forgets") {
  Utf8Joiner joiner;
  std::string out;
  joiner.push("\xE2\x82", out);
  joiner.flush(out);
  joiner.push("\xAC", out);
  CHECK(out == REPLACED REPLACED);
}

}  // namespace phi::detail
