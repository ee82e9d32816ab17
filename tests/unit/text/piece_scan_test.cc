// The scans against PCRE2, which runs the published patterns themselves.
#include "text/piece_scan.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "text/pretokenize.h"
#include "text/split_patterns.h"
#include "text/unicode.h"

using namespace phi::text;
using Pieces = std::vector<std::string_view>;

namespace {

constexpr std::array kPatterns = {phi::text::kGpt2Pattern, phi::text::kCl100kPattern,
                                  phi::text::kQwen2Pattern, phi::text::kO200kPattern};

/// One of everything that the patterns tell apart, and of what they look like.
const std::vector<std::string> kAlphabet = {" ",
                                            "\t",
                                            "\n",
                                            "\r",
                                            "'",
                                            "s",
                                            "S",
                                            "\xC5\xBF",
                                            "t",
                                            "r",
                                            "e",
                                            "V",
                                            "l",
                                            "L",
                                            "m",
                                            "D",
                                            "a",
                                            "\xC3\xA9",      // e acute
                                            "\xC3\x89",      // E acute
                                            "\xC7\x85",      // title case
                                            "\xCA\xB0",      // modifier letter
                                            "\xE6\xBC\xA2",  // a Chinese letter
                                            "\xCC\x81",      // combining acute
                                            "\xE0\xA4\xBE",  // spacing mark
                                            "7",
                                            "\xD9\xA3",      // digits
                                            "\xE2\x85\xA7",  // letter number
                                            "\xC2\xBD",      // one half
                                            "/",
                                            "!",
                                            "_",
                                            "\xF0\x9F\x98\x80",
                                            "\xC2\xA0",
                                            "\xE3\x80\x80",
                                            "\xC2\x85",
                                            "\xE2\x80\x8B"};

/// As a regular expression engine cuts: wrapped, so that the pattern is no longer a known one.
class Reference {
 public:
  explicit Reference(std::string_view pattern)
      : engine_({"(?:" + std::string(pattern) + ")"}, Rest::kept) {
    REQUIRE((engine_.scan() == nullptr));
  }
  Pieces split(std::string_view text) const {
    Pieces pieces;
    engine_.split(text, pieces);
    return pieces;
  }

 private:
  Pretokenizer engine_;
};

Pieces scanned(phi::text::PieceScan scan, std::string_view text) {
  Pieces pieces;
  while (!text.empty()) {
    const size_t bytes = scan(text);
    if (bytes == 0) break;
    pieces.push_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return pieces;
}

class Random {
 public:
  size_t below(size_t limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state_ >> 33) % limit;
  }

 private:
  uint64_t state_ = 7;
};

}  // namespace

TEST_CASE("scans cut where the patterns do: every text of three characters") {
  for (const std::string_view pattern : kPatterns) {
    CAPTURE(pattern);
    const Reference reference(pattern);
    const phi::text::PieceScan scan = phi::text::known_scan(pattern);
    REQUIRE((scan != nullptr));
    size_t differences = 0;
    for (const std::string& a : kAlphabet) {
      for (const std::string& b : kAlphabet) {
        for (const std::string& c : kAlphabet) {
          const std::string text = a + b + c;
          differences += scanned(scan, text) != reference.split(text);
        }
      }
    }
    CHECK(differences == 0);
  }
}

TEST_CASE("scans cut where the patterns do: longer texts") {
  Random random;
  for (const std::string_view pattern : kPatterns) {
    const Reference reference(pattern);
    const phi::text::PieceScan scan = phi::text::known_scan(pattern);
    for (int round = 0; round < 5000; ++round) {
      // A few characters only, so that they meet often.
      std::array<const std::string*, 6> some;
      for (const std::string*& one : some) one = &kAlphabet[random.below(kAlphabet.size())];
      std::string text;
      for (size_t length = random.below(30); length > 0; --length)
        text += *some[random.below(some.size())];
      const Pieces pieces = scanned(scan, text), expected = reference.split(text);
      if (pieces != expected) FAIL_CHECK(pattern, ": '", text, "'");
    }
  }
}

TEST_CASE("characters are of the kind that the engine's classes say") {
  std::string all;
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c < 0xD800 || c > 0xDFFF) phi::text::append_utf8(all, c);
  }
  // The two may know different versions of Unicode.
  struct Class {
    const char* pattern;
    CharacterKind kind;
  };
  for (const Class& one :
       {Class{R"(\p{Lu}|\p{Lt})", kUpper}, Class{R"(\p{Ll})", kLower},
        Class{R"(\p{Lm}|\p{Lo})", kCaseless}, Class{R"(\p{M})", kMark}, Class{R"(\p{N})", kNumber},
        Class{R"([\r\n])", kNewline}, Class{R"([^\S\r\n])", kSpace},
        Class{R"([^\s\p{L}\p{M}\p{N}\p{Cn}])", kOther}}) {
    Pieces members;
    Pretokenizer({one.pattern}, Rest::removed).split(all, members);
    CHECK(!members.empty());
    size_t others = 0;
    for (const std::string_view member : members) {
      const CharacterKind kind = character_kind(first_code_point(member).value);
      others += kind != kUnassigned && kind != one.kind;
    }
    CHECK_MESSAGE(others == 0, std::string(one.pattern));
  }
}

TEST_CASE("a scan gives up at what is not assigned, and the engine goes on") {
  const std::string text = "one \xF3\xB0\x80\x80\xEF\xBF\xBF two";  // a private one, U+FFFF
  for (const std::string_view pattern : kPatterns) {
    const phi::text::PieceScan scan = phi::text::known_scan(pattern);
    CHECK(scanned(scan, text) == Pieces{"one"});
    CHECK(scan("\xEF\xBF\xBF") == 0);
  }
}

TEST_CASE("other patterns have no scan, and a tokenizer may have several") {
  CHECK((phi::text::known_scan(R"(\s+)") == nullptr));
  CHECK((phi::text::known_scan("") == nullptr));
  const std::string known(phi::text::kCl100kPattern);
  CHECK((Pretokenizer({known}, Rest::removed).scan() == phi::text::known_scan(known)));
  CHECK((Pretokenizer({known, known}, Rest::kept).scan() == nullptr));
}
