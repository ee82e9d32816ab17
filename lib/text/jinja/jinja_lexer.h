/// A template's text to tokens, with the white space rules of Jinja2 under trim_blocks and
/// lstrip_blocks.
#ifndef PHI_TEXT_JINJA_JINJA_LEXER_H_
#define PHI_TEXT_JINJA_JINJA_LEXER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fail.h"

namespace phi::text::jinja {

enum class TokenType : int32_t {
  text,  // outside of tags
  output_begin,
  output_end,
  block_begin,
  block_end,
  name,
  string,    // text: the string's value
  integer,   // text: decimal digits
  floating,  // text: as written, without underscores
  symbol,    // text: the operator
  end,
};

struct Token {
  TokenType type = TokenType::end;
  std::string text;
  int line = 0;
};

/// Throws Error{unsupported}: the template is not one that this library can read.
template <class... Parts>
[[noreturn]] void syntax_error(int line, const Parts&... parts) {
  fail(Code::unsupported, "chat template, line ", line, ": ", parts...);
}

/// The last token is `end`. Comments are gone, raw blocks are text.
std::vector<Token> tokenize(std::string_view source);

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_LEXER_H_
