/// The expressions inside a template's tags.
#ifndef PHI_TEXT_JINJA_JINJA_EXPRESSION_PARSER_H_
#define PHI_TEXT_JINJA_JINJA_EXPRESSION_PARSER_H_

#include <string_view>
#include <vector>

#include "text/jinja/jinja_ast.h"
#include "text/jinja/jinja_lexer.h"

namespace phi::text::jinja {

/// The tokens still to be read. Expecting something else than what is there is Error{unsupported}.
class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& peek(size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  int line() const { return peek().line; }
  bool at(TokenType type) const { return peek().type == type; }
  bool at_name(std::string_view name) const { return at(TokenType::name) && peek().text == name; }
  bool at_symbol(std::string_view symbol) const {
    return at(TokenType::symbol) && peek().text == symbol;
  }

  Token take() { return next_ + 1 < tokens_.size() ? std::move(tokens_[next_++]) : tokens_.back(); }
  bool skip(std::string_view symbol) { return at_symbol(symbol) && (take(), true); }
  bool skip_name(std::string_view name) { return at_name(name) && (take(), true); }
  Token expect(TokenType type) { return at(type) ? take() : (fail_here(), Token()); }
  void expect(std::string_view symbol) {
    if (!skip(symbol)) fail_here();
  }
  void expect_name(std::string_view name) {
    if (!skip_name(name)) fail_here();
  }

  [[noreturn]] void fail_here() const {
    if (at(TokenType::end)) syntax_error(line(), "unexpected end");
    syntax_error(line(), "unexpected '", printable(peek().text), "'");
  }

 private:
  std::vector<Token> tokens_;
  size_t next_ = 0;
};

/// `a if b else c` is not part of a `for` tag's expression, whose `if` filters.
enum class WithConditional : int32_t { no, yes };

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  ExpressionPtr parse(WithConditional conditional = WithConditional::yes);
  /// Several expressions with commas between them are a tuple; the name `end` may follow them.
  ExpressionPtr parse_tuple(WithConditional conditional = WithConditional::yes,
                            std::string_view end = "");
  /// `| a | b(c)` behind `subject`.
  ExpressionPtr parse_filters(ExpressionPtr subject);
  /// `a | b(c)`, which a block's text goes through.
  ExpressionPtr parse_filters_of_block();

 private:
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concat();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  enum class WithFilters : int32_t { no, yes };
  ExpressionPtr parse_unary(WithFilters filters);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_parenthesized();
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_postfix(ExpressionPtr subject);
  ExpressionPtr parse_subscript(ExpressionPtr subject);
  ExpressionPtr parse_filters_and_tests(ExpressionPtr subject);
  ExpressionPtr parse_filter(ExpressionPtr subject);
  ExpressionPtr parse_test(ExpressionPtr subject);
  ExpressionPtr parse_call(ExpressionPtr subject);
  CallArguments parse_arguments();
  std::string parse_dotted_name();

  /// Checks the depth of the tree below.
  ExpressionPtr finish(Expression expression) const;
  ExpressionPtr make(ExpressionKind kind, std::vector<ExpressionPtr> operands,
                     std::string name = {}) const;
  ExpressionPtr make_binary(Operator op, ExpressionPtr left, ExpressionPtr right) const;
  ExpressionPtr make_constant(Value value) const;

  TokenStream& tokens_;
  int nesting_ = 0;
};

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_EXPRESSION_PARSER_H_
