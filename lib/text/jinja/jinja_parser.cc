#include "text/jinja/jinja_parser.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "text/jinja/jinja_expression_parser.h"

namespace phi::text::jinja {
namespace {

class Parser {
 public:
  explicit Parser(TokenStream& tokens) : tokens_(tokens), expressions_(tokens) {}

  Body parse() {
    Body body = parse_body({});
    if (!tokens_.at(TokenType::end)) tokens_.fail_here();
    return body;
  }

 private:
  /// Statements up to one of the tags `ends`, whose name is then the next token; without `ends`, up
  /// to the end.
  Body parse_body(std::initializer_list<std::string_view> ends) {
    if (++nesting_ > kMaxNesting) syntax_error(tokens_.line(), "blocks are nested too deep");
    Body body;
    while (!tokens_.at(TokenType::end)) {
      if (tokens_.at(TokenType::text)) {
        Statement statement{StatementKind::text, tokens_.line()};
        statement.text = tokens_.take().text;
        body.push_back(std::move(statement));
      } else if (tokens_.at(TokenType::output_begin)) {
        tokens_.take();
        Statement statement{StatementKind::output, tokens_.line()};
        statement.expression = expressions_.parse_tuple();
        tokens_.expect(TokenType::output_end);
        body.push_back(std::move(statement));
      } else {
        tokens_.expect(TokenType::block_begin);
        if (std::any_of(ends.begin(), ends.end(),
                        [&](std::string_view end) { return tokens_.at_name(end); }))
          break;
        body.push_back(parse_statement());
        tokens_.expect(TokenType::block_end);
      }
    }
    if (ends.size() > 0 && tokens_.at(TokenType::end))
      syntax_error(tokens_.line(), "a block has no '", *(ends.end() - 1), "'");
    --nesting_;
    return body;
  }

  /// The body behind the tag that is being read, and its end tag.
  Body parse_block(std::string_view end) {
    tokens_.expect(TokenType::block_end);
    Body body = parse_body({end});
    tokens_.take();
    return body;
  }

  Statement parse_statement() {
    const int line = tokens_.line();
    if (!tokens_.at(TokenType::name)) syntax_error(line, "a tag has no name");
    const std::string tag = tokens_.take().text;
    if (tag == "if") return parse_condition(line);
    if (tag == "for") return parse_loop(line);
    if (tag == "set") return parse_set(line);
    if (tag == "macro") return parse_macro(line);
    if (tag == "call") return parse_call_block(line);
    if (tag == "filter") return parse_filter_block(line);
    if (tag == "with") return parse_with(line);
    if (tag == "break") return {StatementKind::loop_break, line};
    if (tag == "continue") return {StatementKind::loop_continue, line};
    if (tag == "generation") {
      Statement statement{StatementKind::scope, line};
      statement.body = parse_block("endgeneration");
      return statement;
    }
    syntax_error(line, "tag '", printable(tag), "' is not supported");
  }

  Statement parse_condition(int line) {
    Statement statement{StatementKind::condition, line};
    statement.expression = expressions_.parse_tuple(WithConditional::no);
    tokens_.expect(TokenType::block_end);
    statement.body = parse_body({"elif", "else", "endif"});
    const std::string tag = tokens_.take().text;
    if (tag == "elif") {
      if (++nesting_ > kMaxNesting) syntax_error(line, "too many alternatives");
      statement.other.push_back(parse_condition(tokens_.line()));
      --nesting_;
    } else if (tag == "else") {
      statement.other = parse_block("endif");
    }
    return statement;
  }

  Statement parse_loop(int line) {
    Statement statement{StatementKind::loop, line};
    statement.target = parse_target();
    tokens_.expect_name("in");
    statement.expression = expressions_.parse_tuple(WithConditional::no, "recursive");
    if (tokens_.skip_name("if")) statement.filter = expressions_.parse();
    statement.recursive = tokens_.skip_name("recursive");
    tokens_.expect(TokenType::block_end);
    statement.body = parse_body({"else", "endfor"});
    if (tokens_.take().text == "else") statement.other = parse_block("endfor");
    return statement;
  }

  Target parse_single_target() {
    if (tokens_.skip("(")) {
      Target target = parse_target();
      tokens_.expect(")");
      return target;
    }
    Target target;
    target.name = tokens_.expect(TokenType::name).text;
    if (tokens_.skip(".")) target.attribute = tokens_.expect(TokenType::name).text;
    return target;
  }

  Target parse_target() {
    Target first = parse_single_target();
    if (!tokens_.at_symbol(",")) return first;
    Target tuple;
    tuple.parts.push_back(std::move(first));
    while (tokens_.skip(",")) {
      if (!tokens_.at(TokenType::name) || tokens_.at_name("in")) break;
      tuple.parts.push_back(parse_single_target());
    }
    return tuple;
  }

  Statement parse_set(int line) {
    Statement statement{StatementKind::assign, line};
    statement.target = parse_target();
    if (tokens_.skip("=")) {
      statement.expression = expressions_.parse_tuple();
      return statement;
    }
    statement.kind = StatementKind::assign_block;
    if (tokens_.at_symbol("|")) statement.expression = expressions_.parse_filters(nullptr);
    statement.body = parse_block("endset");
    return statement;
  }

  std::vector<Parameter> parse_parameters() {
    std::vector<Parameter> parameters;
    tokens_.expect("(");
    while (!tokens_.at_symbol(")")) {
      if (!parameters.empty()) tokens_.expect(",");
      Parameter parameter;
      parameter.name = tokens_.expect(TokenType::name).text;
      if (tokens_.skip("=")) {
        parameter.otherwise = expressions_.parse();
      } else if (!parameters.empty() && parameters.back().otherwise) {
        syntax_error(tokens_.line(), "a parameter without default follows one with default");
      }
      parameters.push_back(std::move(parameter));
    }
    tokens_.expect(")");
    return parameters;
  }

  Statement parse_macro(int line) {
    Statement statement{StatementKind::macro, line};
    statement.text = tokens_.expect(TokenType::name).text;
    statement.parameters = parse_parameters();
    statement.body = parse_block("endmacro");
    return statement;
  }

  Statement parse_call_block(int line) {
    Statement statement{StatementKind::call_block, line};
    if (tokens_.at_symbol("(")) statement.parameters = parse_parameters();
    statement.expression = expressions_.parse();
    if (statement.expression->kind != ExpressionKind::call)
      syntax_error(line, "a call block calls nothing");
    statement.body = parse_block("endcall");
    return statement;
  }

  Statement parse_filter_block(int line) {
    Statement statement{StatementKind::filter_block, line};
    statement.expression = expressions_.parse_filters_of_block();
    statement.body = parse_block("endfilter");
    return statement;
  }

  Statement parse_with(int line) {
    Statement statement{StatementKind::with, line};
    while (!tokens_.at(TokenType::block_end)) {
      if (!statement.values.empty()) tokens_.expect(",");
      Target target = parse_target();
      tokens_.expect("=");
      statement.values.emplace_back(std::move(target), expressions_.parse());
    }
    statement.body = parse_block("endwith");
    return statement;
  }

  TokenStream& tokens_;
  ExpressionParser expressions_;
  int nesting_ = 0;
};

}  // namespace

Body parse_template(std::string_view source) {
  TokenStream tokens(tokenize(source));
  return Parser(tokens).parse();
}

}  // namespace phi::text::jinja
