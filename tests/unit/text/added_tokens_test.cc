#include "text/added_tokens.h"

#include <doctest/doctest.h>

using phi::Specials;
using phi::text::AddedToken;
using phi::text::AddedTokens;
using phi::text::TextPart;

namespace {

AddedToken token(phi::Token id, const std::string& content) {
  AddedToken added;
  added.id = id;
  added.content = content;
  added.special = true;
  return added;
}

AddedTokens with(const std::vector<AddedToken>& list) {
  AddedTokens tokens;
  for (const AddedToken& added : list) tokens.insert(added, added.content);
  return tokens;
}

/// "text|5|more": ids and texts with bars between them.
std::string cut(const AddedTokens& tokens, std::string_view text,
                Specials specials = Specials::parse, std::string_view guard = "") {
  std::vector<TextPart> parts;
  tokens.cut(text, specials, guard, parts);
  std::string out;
  for (const TextPart& part : parts) {
    if (!out.empty()) out += '|';
    out += part.token >= 0 ? std::to_string(part.token) : std::string(part.text);
  }
  return out;
}

}  // namespace

// The rules are those of AddedVocabulary in Hugging Face tokenizers.
TEST_CASE("of all matches the leftmost, of these the longest") {
  const AddedTokens tokens =
      with({token(1, "<a"), token(2, "<a>"), token(3, "a><b>"), token(4, "<ab")});
  CHECK(cut(tokens, "x<a>y") == "x|2|y");
  CHECK(cut(tokens, "<a><b>") == "2|<b>");
  CHECK(cut(tokens, "<ac<ab") == "1|c|4");
  CHECK(cut(tokens, "") == "");
}

TEST_CASE("white space is swallowed on the sides that ask for it, and belongs to the first match") {
  AddedToken left = token(1, "<l>"), right = token(2, "<r>"), both = token(3, "<b>");
  left.lstrip = right.rstrip = both.lstrip = both.rstrip = true;
  const AddedTokens tokens = with({left, right, both});
  CHECK(cut(tokens, "a <l> b") == "a|1| b");
  CHECK(cut(tokens, "a <r> b") == "a |2|b");
  CHECK(cut(tokens, "a \xE3\x80\x80\n<b> \t<b>  b") == "a|3|3|b");
  CHECK(cut(tokens, "<r>  <l>") == "2|1");
  CHECK(cut(tokens, "  <b>  ") == "3");
}

TEST_CASE("a single word stands between characters that are no part of words") {
  AddedToken word = token(1, "ab");
  word.single_word = true;
  const AddedTokens tokens = with({word});
  CHECK(cut(tokens, "ab") == "1");
  CHECK(cut(tokens, "-ab.") == "-|1|.");
  CHECK(cut(tokens, "xab ab_ ab\xC3\xA9") == "xab ab_ ab\xC3\xA9");
}

TEST_CASE("control tokens are found only when they are asked for") {
  AddedToken plain = token(2, "<p>");
  plain.special = false;
  const AddedTokens tokens = with({token(1, "<s>"), plain});
  CHECK(cut(tokens, "<s><p>", Specials::as_text) == "<s>|2");
  CHECK(cut(tokens, "<s><p>", Specials::parse) == "1|2");
}

TEST_CASE("guards break every control token that a text spells") {
  const std::string guard = "\xEF\xB7\x90";
  const AddedTokens tokens =
      with({token(1, "<s>"), token(2, "<s><s>"), token(3, "s>"), token(4, "\xE2\x96\x81")});
  for (const std::string text :
       {"<s>", "<s><s>", "a<s>b<s><s>", "s>s>", "\xE2\x96\x81x", "<<s>>"}) {
    std::string guarded;
    size_t done = 0;
    for (const size_t point : tokens.guard_points(text)) {
      guarded += text.substr(done, point - done) + guard;
      done = point;
    }
    guarded += text.substr(done);
    CHECK(guarded != text);
    CHECK(cut(tokens, guarded, Specials::parse, guard) == guarded);
  }
  CHECK(tokens.guard_points("no control tokens < s >").empty());
}
