/// A parsed template.
#ifndef PHI_TEXT_JINJA_JINJA_AST_H_
#define PHI_TEXT_JINJA_JINJA_AST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/jinja_value.h"

namespace phi::text::jinja {

/// Expressions and statements are nested at most this deep.
inline constexpr int kMaxNesting = 100;

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

struct CallArguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr all_positional, all_named;  // *args and **kwargs; may be null
};

enum class Operator : int32_t {
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,
};

enum class ExpressionKind : int32_t {
  constant,     // value
  variable,     // name
  list,         // operands
  tuple,        // operands
  dict,         // operands: key, value, key, value ...
  attribute,    // operands[0].name
  item,         // operands[0][operands[1]]
  slice,        // operands[0][operands[1]:operands[2]:operands[3]]; bounds may be null
  call,         // operands[0](arguments)
  filter,       // operands[0] | name(arguments); operands[0] is null for the body of a block
  test,         // operands[0] is name(arguments)
  negative,     // -operands[0]
  positive,     // +operands[0]
  logical_not,  // not operands[0]
  logical_and,  // all operands
  logical_or,   // all operands
  compare,      // operands[0] operators[0] operands[1] operators[1] ...
  binary,       // operands[0] operators[0] operands[1]
  concat,       // all operands with ~
  conditional,  // operands[1] if operands[0] else operands[2], which may be null
};

struct Expression {
  Expression(ExpressionKind given_kind, int given_line) : kind(given_kind), line(given_line) {}

  ExpressionKind kind;
  int line;
  int depth = 1;
  std::string name;
  Value value;
  std::vector<ExpressionPtr> operands;
  std::vector<Operator> operators;
  CallArguments arguments;
};

/// What is assigned to: a name, `namespace.attribute`, or several of these.
struct Target {
  std::string name, attribute;
  std::vector<Target> parts;  // of a tuple
};

struct Statement;
using Body = std::vector<Statement>;

struct Parameter {
  std::string name;
  ExpressionPtr otherwise;  // null: none
};

enum class StatementKind : int32_t {
  text,          // text
  output,        // expression
  condition,     // expression ? body : other
  loop,          // for target in expression if filter: body, else other
  assign,        // target = expression
  assign_block,  // target = rendered body, through the filters of expression
  macro,         // name, parameters, body
  call_block,    // expression with caller(parameters) = body
  filter_block,  // body through the filters of expression
  with,          // targets = values, body
  scope,         // body: {% generation %}
  loop_break,
  loop_continue,
};

struct Statement {
  Statement(StatementKind given_kind, int given_line) : kind(given_kind), line(given_line) {}

  StatementKind kind;
  int line;
  std::string text;  // or the macro's name
  ExpressionPtr expression, filter;
  Target target;
  std::vector<Parameter> parameters;                     // of macros and call blocks
  std::vector<std::pair<Target, ExpressionPtr>> values;  // of with
  Body body, other;
  bool recursive = false;  // a loop that calls itself
};

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_AST_H_
