#include "text/piece_index.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

using phi::Token;
using phi::text::PieceIndex;

TEST_CASE("every string is told from every other, short and long, zeros and all") {
  std::map<std::string, Token> strings;
  for (size_t length = 1; length <= 20; ++length) {
    for (size_t at = 0; at < length; ++at) {
      for (const char c : {'\0', 'b', '\xFF'}) {
        for (const char fill : {'\0', 'a'}) {
          std::string text(length, fill);
          text[at] = c;
          strings.emplace(text, static_cast<Token>(strings.size()));
        }
      }
    }
  }
  PieceIndex index(strings.size());
  for (const auto& [text, token] : strings) index.insert(text, token);
  for (const auto& [text, token] : strings) {
    CHECK(index.find(text) == token);
    CHECK(index.find(text + "!") == -1);
    CHECK(index.find("!" + text) == -1);
  }
  CHECK(index.find("") == -1);
  CHECK(index.find(std::string(1000, 'a')) == -1);
}

TEST_CASE("a string that is there keeps its token; an empty index finds nothing") {
  PieceIndex index(2);
  index.insert("x", 1);
  index.insert("x", 2);
  CHECK(index.find("x") == 1);
  CHECK(PieceIndex(0).find("x") == -1);
}
