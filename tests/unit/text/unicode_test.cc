#include "text/unicode.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace phi::text;

// The expected texts are those of the Unicode Standard, chapter 3.9, table 3-8 and following.
TEST_CASE("ill-formed UTF-8 becomes one U+FFFD per maximal subpart") {
  const std::string r = "\xEF\xBF\xBD";
  CHECK(replace_invalid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") ==
        r + r + r + r + r + r + r + r + "A");
  CHECK(replace_invalid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") ==
        r + r + r + r + r + r + r + r + "A");
  CHECK(replace_invalid_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") ==
        r + r + r + r + r + "A" + r + r + "B");
  CHECK(replace_invalid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == r + r + r + r + "A");
  CHECK(replace_invalid_utf8("a\xE2\x82") == "a" + r);
  CHECK(replace_invalid_utf8("\xF0\x9F\x98\x80") == "\xF0\x9F\x98\x80");
  CHECK(is_valid_utf8("h\xC3\xA9 \xF4\x8F\xBF\xBF"));
  CHECK(!is_valid_utf8("\xF5\x80\x80\x80"));
}

TEST_CASE("composition: the examples of UAX 15") {
  CHECK(nfc("A\xCC\x8A") == "\xC3\x85");                                 // A, ring above
  CHECK(nfc("\xE2\x84\xAB") == "\xC3\x85");                              // angstrom sign
  CHECK(nfc("\xE2\x84\xA6") == "\xCE\xA9");                              // ohm sign
  CHECK(nfc("s\xCC\x87\xCC\xA3") == "\xE1\xB9\xA9");                     // marks out of order
  CHECK(nfc("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8") == "\xEA\xB0\x81");  // Hangul
  CHECK(nfc("\xEF\xAC\x81") == "\xEF\xAC\x81");                          // no compatibility mapping
  CHECK(nfc(std::string("a\0b", 3)) == std::string("a\0b", 3));
}

TEST_CASE("a long run of marks out of order takes no quadratic time") {
  std::string text = "a";
  for (int i = 0; i < 200000; ++i) text += "\xCC\x81\xCC\xA3";  // classes 230, 220
  const auto start = std::chrono::steady_clock::now();
  const std::string composed = nfc(text);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
  CHECK(composed.starts_with("\xE1\xBA\xA1\xCC\xA3"));  // a with dot below, then the other dots
}

TEST_CASE("character classes") {
  CHECK(is_white_space(0x3000));
  CHECK(is_white_space(0x85));
  CHECK(!is_white_space(0x180E));
  CHECK(!is_white_space(0x200B));
  CHECK(is_word_character('_'));
  CHECK(is_word_character(0x0301));
  CHECK(!is_word_character('-'));
  CHECK(leading_white_space(" \xE3\x80\x80x ") == 4);
  CHECK(trailing_white_space("x \xE3\x80\x80\n") == 5);
  CHECK(trailing_white_space("   ") == 3);
  CHECK(is_printable(0xE9));
  CHECK(!is_printable(0x200B));
  CHECK(!is_printable(0xA0));
}
