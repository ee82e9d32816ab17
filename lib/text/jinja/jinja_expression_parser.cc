#include "text/jinja/jinja_expression_parser.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

namespace phi::text::jinja {
namespace {

std::vector<ExpressionPtr> list_of(ExpressionPtr a) {
  std::vector<ExpressionPtr> list;
  list.push_back(std::move(a));
  return list;
}
std::vector<ExpressionPtr> list_of(ExpressionPtr a, ExpressionPtr b) {
  std::vector<ExpressionPtr> list = list_of(std::move(a));
  list.push_back(std::move(b));
  return list;
}

/// One level of recursion of the parser.
class Level {
 public:
  Level(int& nesting, int line) : nesting_(nesting) {
    if (++nesting_ > kMaxNesting) syntax_error(line, "an expression is nested too deep");
  }
  ~Level() { --nesting_; }

 private:
  int& nesting_;
};

std::optional<Operator> comparison(std::string_view symbol) {
  if (symbol == "==") return Operator::equal;
  if (symbol == "!=") return Operator::not_equal;
  if (symbol == "<") return Operator::less;
  if (symbol == "<=") return Operator::less_equal;
  if (symbol == ">") return Operator::greater;
  if (symbol == ">=") return Operator::greater_equal;
  return std::nullopt;
}

std::optional<Operator> product(std::string_view symbol) {
  if (symbol == "*") return Operator::multiply;
  if (symbol == "/") return Operator::divide;
  if (symbol == "//") return Operator::floor_divide;
  if (symbol == "%") return Operator::modulo;
  return std::nullopt;
}

}  // namespace

ExpressionPtr ExpressionParser::finish(Expression expression) const {
  const auto look = [&](const ExpressionPtr& part) {
    if (part) expression.depth = std::max(expression.depth, part->depth + 1);
  };
  for (const ExpressionPtr& part : expression.operands) look(part);
  for (const ExpressionPtr& part : expression.arguments.positional) look(part);
  for (const auto& part : expression.arguments.named) look(part.second);
  look(expression.arguments.all_positional);
  look(expression.arguments.all_named);
  if (expression.depth > kMaxNesting)
    syntax_error(expression.line, "an expression is nested too deep");
  return std::make_unique<const Expression>(std::move(expression));
}

ExpressionPtr ExpressionParser::make(ExpressionKind kind, std::vector<ExpressionPtr> operands,
                                     std::string name) const {
  Expression expression{kind, tokens_.line()};
  expression.name = std::move(name);
  expression.operands = std::move(operands);
  return finish(std::move(expression));
}

ExpressionPtr ExpressionParser::make_binary(Operator op, ExpressionPtr left,
                                            ExpressionPtr right) const {
  Expression expression{ExpressionKind::binary, tokens_.line()};
  expression.operators = {op};
  expression.operands = list_of(std::move(left), std::move(right));
  return finish(std::move(expression));
}

ExpressionPtr ExpressionParser::make_constant(Value value) const {
  Expression expression{ExpressionKind::constant, tokens_.line()};
  expression.value = std::move(value);
  return finish(std::move(expression));
}

ExpressionPtr ExpressionParser::parse(WithConditional conditional) {
  const Level level(nesting_, tokens_.line());
  ExpressionPtr value = parse_or();
  while (conditional == WithConditional::yes && tokens_.skip_name("if")) {
    std::vector<ExpressionPtr> operands = list_of(parse_or(), std::move(value));
    operands.push_back(tokens_.skip_name("else") ? parse() : nullptr);
    value = make(ExpressionKind::conditional, std::move(operands));
  }
  return value;
}

ExpressionPtr ExpressionParser::parse_tuple(WithConditional conditional, std::string_view end) {
  ExpressionPtr first = parse(conditional);
  if (!tokens_.at_symbol(",")) return first;
  std::vector<ExpressionPtr> elements = list_of(std::move(first));
  while (tokens_.skip(",")) {
    const bool ends = tokens_.at(TokenType::block_end) || tokens_.at(TokenType::output_end) ||
                      tokens_.at_symbol(")") || (!end.empty() && tokens_.at_name(end));
    if (ends) break;
    elements.push_back(parse(conditional));
  }
  return make(ExpressionKind::tuple, std::move(elements));
}

ExpressionPtr ExpressionParser::parse_or() {
  std::vector<ExpressionPtr> operands = list_of(parse_and());
  while (tokens_.skip_name("or")) operands.push_back(parse_and());
  return operands.size() == 1 ? std::move(operands[0])
                              : make(ExpressionKind::logical_or, std::move(operands));
}

ExpressionPtr ExpressionParser::parse_and() {
  std::vector<ExpressionPtr> operands = list_of(parse_not());
  while (tokens_.skip_name("and")) operands.push_back(parse_not());
  return operands.size() == 1 ? std::move(operands[0])
                              : make(ExpressionKind::logical_and, std::move(operands));
}

ExpressionPtr ExpressionParser::parse_not() {
  const Level level(nesting_, tokens_.line());
  if (tokens_.skip_name("not")) return make(ExpressionKind::logical_not, list_of(parse_not()));
  return parse_compare();
}

ExpressionPtr ExpressionParser::parse_compare() {
  Expression compare{ExpressionKind::compare, tokens_.line()};
  compare.operands = list_of(parse_sum());
  while (true) {
    if (const auto op = comparison(tokens_.at(TokenType::symbol) ? tokens_.peek().text : "")) {
      tokens_.take();
      compare.operators.push_back(*op);
    } else if (tokens_.skip_name("in")) {
      compare.operators.push_back(Operator::in);
    } else if (tokens_.at_name("not") && tokens_.peek(1).type == TokenType::name &&
               tokens_.peek(1).text == "in") {
      tokens_.take();
      tokens_.take();
      compare.operators.push_back(Operator::not_in);
    } else {
      break;
    }
    compare.operands.push_back(parse_sum());
  }
  return compare.operators.empty() ? std::move(compare.operands[0]) : finish(std::move(compare));
}

ExpressionPtr ExpressionParser::parse_sum() {
  ExpressionPtr left = parse_concat();
  while (tokens_.at_symbol("+") || tokens_.at_symbol("-")) {
    const Operator op = tokens_.take().text == "+" ? Operator::add : Operator::subtract;
    left = make_binary(op, std::move(left), parse_concat());
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_concat() {
  std::vector<ExpressionPtr> operands = list_of(parse_product());
  while (tokens_.skip("~")) operands.push_back(parse_product());
  return operands.size() == 1 ? std::move(operands[0])
                              : make(ExpressionKind::concat, std::move(operands));
}

ExpressionPtr ExpressionParser::parse_product() {
  ExpressionPtr left = parse_power();
  while (const auto op = product(tokens_.at(TokenType::symbol) ? tokens_.peek().text : "")) {
    tokens_.take();
    left = make_binary(*op, std::move(left), parse_power());
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_power() {
  ExpressionPtr left = parse_unary(WithFilters::yes);
  while (tokens_.skip("**"))
    left = make_binary(Operator::power, std::move(left), parse_unary(WithFilters::yes));
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(WithFilters filters) {
  const Level level(nesting_, tokens_.line());
  ExpressionPtr value;
  if (tokens_.skip("-")) {
    value = make(ExpressionKind::negative, list_of(parse_unary(WithFilters::no)));
  } else if (tokens_.skip("+")) {
    value = make(ExpressionKind::positive, list_of(parse_unary(WithFilters::no)));
  } else {
    value = parse_primary();
  }
  value = parse_postfix(std::move(value));
  return filters == WithFilters::yes ? parse_filters_and_tests(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::parse_primary() {
  if (tokens_.skip("(")) return parse_parenthesized();
  if (tokens_.skip("[")) return parse_list();
  if (tokens_.skip("{")) return parse_dict();
  if (tokens_.at(TokenType::string)) {
    std::string text = tokens_.take().text;
    while (tokens_.at(TokenType::string)) text += tokens_.take().text;
    return make_constant(std::move(text));
  }
  if (tokens_.at(TokenType::integer)) {
    const std::string digits = tokens_.take().text;
    int64_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) {
      syntax_error(tokens_.line(), "number ", printable(digits), " is too large");
    }
    return make_constant(value);
  }
  if (tokens_.at(TokenType::floating)) {
    const std::string digits = tokens_.take().text;
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return make_constant(value);
  }
  const std::string name = tokens_.expect(TokenType::name).text;
  if (name == "true" || name == "True") return make_constant(true);
  if (name == "false" || name == "False") return make_constant(false);
  if (name == "none" || name == "None") return make_constant(Value::none());
  return make(ExpressionKind::variable, {}, name);
}

ExpressionPtr ExpressionParser::parse_parenthesized() {
  if (tokens_.skip(")")) return make(ExpressionKind::tuple, {});
  ExpressionPtr value = parse_tuple();
  tokens_.expect(")");
  return value;
}

ExpressionPtr ExpressionParser::parse_list() {
  std::vector<ExpressionPtr> elements;
  while (!tokens_.at_symbol("]")) {
    if (!elements.empty()) tokens_.expect(",");
    if (tokens_.at_symbol("]")) break;
    elements.push_back(parse());
  }
  tokens_.expect("]");
  return make(ExpressionKind::list, std::move(elements));
}

ExpressionPtr ExpressionParser::parse_dict() {
  std::vector<ExpressionPtr> members;
  while (!tokens_.at_symbol("}")) {
    if (!members.empty()) tokens_.expect(",");
    if (tokens_.at_symbol("}")) break;
    members.push_back(parse());
    tokens_.expect(":");
    members.push_back(parse());
  }
  tokens_.expect("}");
  return make(ExpressionKind::dict, std::move(members));
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr subject) {
  while (true) {
    if (tokens_.skip(".")) {
      if (tokens_.at(TokenType::integer)) {
        subject = make(ExpressionKind::item, list_of(std::move(subject), parse_primary()));
      } else {
        std::string name = tokens_.expect(TokenType::name).text;
        subject = make(ExpressionKind::attribute, list_of(std::move(subject)), std::move(name));
      }
    } else if (tokens_.skip("[")) {
      subject = parse_subscript(std::move(subject));
    } else if (tokens_.at_symbol("(")) {
      subject = parse_call(std::move(subject));
    } else {
      return subject;
    }
  }
}

ExpressionPtr ExpressionParser::parse_subscript(ExpressionPtr subject) {
  std::vector<ExpressionPtr> operands = list_of(std::move(subject));
  const auto bound = [&] {
    return tokens_.at_symbol(":") || tokens_.at_symbol("]") ? nullptr : parse();
  };
  operands.push_back(bound());
  const bool is_slice = tokens_.at_symbol(":");
  while (operands.size() < 4 && tokens_.skip(":")) operands.push_back(bound());
  if (!is_slice && !operands[1]) tokens_.fail_here();
  if (is_slice) operands.resize(4);
  tokens_.expect("]");
  return make(is_slice ? ExpressionKind::slice : ExpressionKind::item, std::move(operands));
}

ExpressionPtr ExpressionParser::parse_filters_and_tests(ExpressionPtr subject) {
  while (true) {
    if (tokens_.skip("|")) {
      subject = parse_filter(std::move(subject));
    } else if (tokens_.skip_name("is")) {
      subject = parse_test(std::move(subject));
    } else if (tokens_.at_symbol("(")) {
      subject = parse_call(std::move(subject));
    } else {
      return subject;
    }
  }
}

ExpressionPtr ExpressionParser::parse_filters(ExpressionPtr subject) {
  while (tokens_.skip("|")) subject = parse_filter(std::move(subject));
  return subject;
}

ExpressionPtr ExpressionParser::parse_filters_of_block() {
  return parse_filters(parse_filter(nullptr));
}

std::string ExpressionParser::parse_dotted_name() {
  std::string name = tokens_.expect(TokenType::name).text;
  while (tokens_.skip(".")) name += "." + tokens_.expect(TokenType::name).text;
  return name;
}

ExpressionPtr ExpressionParser::parse_filter(ExpressionPtr subject) {
  Expression filter{ExpressionKind::filter, tokens_.line()};
  filter.name = parse_dotted_name();
  filter.operands = list_of(std::move(subject));
  if (tokens_.at_symbol("(")) filter.arguments = parse_arguments();
  return finish(std::move(filter));
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr subject) {
  const bool negated = tokens_.skip_name("not");
  Expression test{ExpressionKind::test, tokens_.line()};
  test.name = parse_dotted_name();
  test.operands = list_of(std::move(subject));
  const bool keyword = tokens_.at_name("else") || tokens_.at_name("or") || tokens_.at_name("and");
  const bool operand = tokens_.at(TokenType::name) || tokens_.at(TokenType::string) ||
                       tokens_.at(TokenType::integer) || tokens_.at(TokenType::floating) ||
                       tokens_.at_symbol("[") || tokens_.at_symbol("{");
  if (tokens_.at_symbol("(")) {
    test.arguments = parse_arguments();
  } else if (operand && !keyword) {
    if (tokens_.at_name("is")) syntax_error(tokens_.line(), "tests with 'is' cannot be chained");
    test.arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  ExpressionPtr done = finish(std::move(test));
  return negated ? make(ExpressionKind::logical_not, list_of(std::move(done))) : std::move(done);
}

ExpressionPtr ExpressionParser::parse_call(ExpressionPtr subject) {
  Expression call{ExpressionKind::call, tokens_.line()};
  call.operands = list_of(std::move(subject));
  call.arguments = parse_arguments();
  return finish(std::move(call));
}

CallArguments ExpressionParser::parse_arguments() {
  CallArguments arguments;
  bool first = true;
  tokens_.expect("(");
  while (!tokens_.at_symbol(")")) {
    if (!std::exchange(first, false)) tokens_.expect(",");
    if (tokens_.at_symbol(")")) break;
    const bool has_star = arguments.all_positional || arguments.all_named;
    if (tokens_.skip("*")) {
      if (has_star) tokens_.fail_here();
      arguments.all_positional = parse();
    } else if (tokens_.skip("**")) {
      if (arguments.all_named) tokens_.fail_here();
      arguments.all_named = parse();
    } else if (tokens_.at(TokenType::name) && tokens_.peek(1).type == TokenType::symbol &&
               tokens_.peek(1).text == "=") {
      if (arguments.all_named) tokens_.fail_here();
      std::string name = tokens_.take().text;
      tokens_.take();
      arguments.named.emplace_back(std::move(name), parse());
    } else {
      if (has_star || !arguments.named.empty()) tokens_.fail_here();
      arguments.positional.push_back(parse());
    }
  }
  tokens_.expect(")");
  return arguments;
}

}  // namespace phi::text::jinja
