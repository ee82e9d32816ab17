#include <algorithm>
#include <optional>

#include "text/jinja/jinja_renderer.h"

// Expressions; statements are in jinja_renderer.cc.
namespace phi::text::jinja {
namespace {

class BoundMethod final : public Callable {
 public:
  BoundMethod(Value object, std::string name)
      : object_(std::move(object)), name_(std::move(name)) {}
  Value call(Renderer& renderer, const Arguments& arguments) const override {
    return call_method(renderer, object_, name_, arguments);
  }

 private:
  Value object_;
  std::string name_;
};

std::string object_name(const Value& object) {
  return object.is_none() ? "None" : concat(object.type_name(), " object");
}

Value no_attribute(const Value& object, const std::string& name) {
  return Value::undefined(concat("'", object_name(object), "' has no attribute '", name, "'"));
}

}  // namespace

Value Renderer::lookup(const std::string& name, const Scope& scope) const {
  if (const Value* value = scope.find(name)) return *value;
  if (const Value* value = context_.as_dict()->find(std::string_view(name))) return *value;
  Value function = global_function(name);
  return function.is_undefined() ? Value::undefined(concat("'", name, "' is undefined")) : function;
}

Value Renderer::attribute_of(const Value& object, const std::string& name) {
  object.require_defined();
  if (Namespace* space = object.as_namespace()) {
    const Value* value = space->find(name);
    return value ? *value : no_attribute(object, name);
  }
  if (const Callable* callable = object.as_callable()) {
    const auto value = callable->attribute(name);
    return value ? *value : no_attribute(object, name);
  }
  if (has_method(object, name)) return Value::of(std::make_shared<BoundMethod>(object, name));
  if (const Dict* dict = object.as_dict()) {
    if (const Value* value = dict->find(std::string_view(name))) return *value;
  }
  return no_attribute(object, name);
}

Value Renderer::item_of(const Value& object, const Value& key) {
  object.require_defined();
  if (const Dict* dict = object.as_dict()) {
    if (const Value* value = dict->find(key)) return *value;
  } else if (key.is_integer() || key.is_bool()) {
    const bool countable = object.is_indexable() || object.is_string();
    const int64_t length = countable ? static_cast<int64_t>(object.length()) : 0;
    const int64_t index = key.integer() < 0 ? key.integer() + length : key.integer();
    if (index < 0 || index >= length)
      return Value::undefined(concat(object_name(object), " has no element ", key.integer()));
    if (object.is_string()) return sliced(object, index, index + 1, Value::none());
    return object.as_sequence()->elements[static_cast<size_t>(index)];
  }
  if (key.is_string())
    return object.as_dict() && !has_method(object, key.string())
               ? no_attribute(object, key.string())
               : attribute_of(object, key.string());
  return Value::undefined(concat(object_name(object), " has no element ", key.repr()));
}

Value Renderer::call(const Value& callee, const Arguments& arguments) {
  callee.require_defined();
  const Callable* callable = callee.as_callable();
  if (!callable) refuse("'", callee.type_name(), "' object is not callable");
  return callable->call(*this, arguments);
}

Value Renderer::call_filter(const std::string& name, const Value& subject,
                            const Arguments& arguments) {
  const FilterFunction filter = find_filter(name);
  if (!filter) refuse("no filter named '", printable(name), "'");
  return filter(*this, subject, arguments);
}

bool Renderer::call_test(const std::string& name, const Value& subject,
                         const Arguments& arguments) {
  const TestFunction test = find_test(name);
  if (!test) refuse("no test named '", printable(name), "'");
  return test(*this, subject, arguments);
}

Value Renderer::evaluate(const Expression& e, const Scope& scope) {
  const Frame frame(*this);
  const auto operand = [&](size_t i) { return evaluate(*e.operands[i], scope); };
  switch (e.kind) {
    case ExpressionKind::constant:
      return e.value;
    case ExpressionKind::variable:
      return lookup(e.name, scope);
    case ExpressionKind::list:
      return Value::sequence(SequenceType::list, evaluate_all(e.operands, scope));
    case ExpressionKind::tuple:
      return Value::sequence(SequenceType::tuple, evaluate_all(e.operands, scope));
    case ExpressionKind::dict: {
      std::vector<std::pair<Value, Value>> members;
      for (size_t i = 0; i < e.operands.size(); i += 2)
        members.emplace_back(operand(i), operand(i + 1));
      return Value::dict(std::move(members));
    }
    case ExpressionKind::attribute:
      return attribute_of(operand(0), e.name);
    case ExpressionKind::item:
      return item_of(operand(0), operand(1));
    case ExpressionKind::slice:
      return evaluate_slice(e, scope);
    case ExpressionKind::call:
      return evaluate_call(e, scope, nullptr);
    case ExpressionKind::filter:
      return evaluate_filter(e, scope, nullptr);
    case ExpressionKind::test:
      return call_test(e.name, operand(0), evaluate_arguments(e.arguments, scope));
    case ExpressionKind::negative: {
      const Value value = operand(0);
      return value.is_float() ? Value(-value.number())
                              : apply(Operator::subtract, int64_t{0}, value);
    }
    case ExpressionKind::positive:
      return apply(Operator::add, int64_t{0}, operand(0));
    case ExpressionKind::logical_not:
      return !operand(0).truth();
    case ExpressionKind::logical_and:
    case ExpressionKind::logical_or: {
      const bool decides = e.kind == ExpressionKind::logical_or;
      for (size_t i = 0; i + 1 < e.operands.size(); ++i) {
        Value value = operand(i);
        if (value.truth() == decides) return value;
      }
      return operand(e.operands.size() - 1);
    }
    case ExpressionKind::compare:
      return evaluate_compare(e, scope);
    case ExpressionKind::binary:
      return apply(e.operators[0], operand(0), operand(1));
    case ExpressionKind::concat:
      return evaluate_concat(e, scope);
    case ExpressionKind::conditional:
      if (operand(0).truth()) return operand(1);
      return e.operands[2] ? operand(2) : Value::undefined("the inline if has no else");
  }
  return {};
}

std::vector<Value> Renderer::evaluate_all(const std::vector<ExpressionPtr>& expressions,
                                          const Scope& scope) {
  std::vector<Value> values;
  for (const ExpressionPtr& expression : expressions)
    values.push_back(evaluate(*expression, scope));
  return values;
}

Arguments Renderer::evaluate_arguments(const CallArguments& call, const Scope& scope) {
  Arguments arguments{evaluate_all(call.positional, scope), {}};
  if (call.all_positional) {
    for (Value& value : evaluate(*call.all_positional, scope).elements())
      arguments.positional.push_back(std::move(value));
  }
  for (const auto& [name, expression] : call.named)
    arguments.named.emplace_back(name, evaluate(*expression, scope));
  if (call.all_named) {
    const Value named = evaluate(*call.all_named, scope);
    if (!named.as_dict()) refuse("argument after ** must be a mapping, not ", named.type_name());
    for (const auto& [name, value] : named.as_dict()->members)
      arguments.named.emplace_back(name.string(), value);
  }
  return arguments;
}

Value Renderer::evaluate_filter(const Expression& filter, const Scope& scope,
                                const Value* block_text) {
  const Frame frame(*this);
  Value subject;
  if (!filter.operands[0]) {
    subject = *block_text;
  } else if (block_text && filter.operands[0]->kind == ExpressionKind::filter) {
    subject = evaluate_filter(*filter.operands[0], scope, block_text);
  } else {
    subject = evaluate(*filter.operands[0], scope);
  }
  return call_filter(filter.name, subject, evaluate_arguments(filter.arguments, scope));
}

Value Renderer::evaluate_call(const Expression& call_expression, const Scope& scope,
                              const Value* caller) {
  const Expression& callee = *call_expression.operands[0];
  const auto arguments = [&] {
    Arguments given = evaluate_arguments(call_expression.arguments, scope);
    if (caller) given.named.emplace_back("caller", *caller);
    return given;
  };
  if (callee.kind == ExpressionKind::attribute) {
    const Value object = evaluate(*callee.operands[0], scope);
    if (!object.is_undefined() && has_method(object, callee.name))
      return call_method(*this, object, callee.name, arguments());
    return call(attribute_of(object, callee.name), arguments());
  }
  return call(evaluate(callee, scope), arguments());
}

Value Renderer::evaluate_compare(const Expression& compare, const Scope& scope) {
  Value left = evaluate(*compare.operands[0], scope);
  for (size_t i = 0; i < compare.operators.size(); ++i) {
    Value right = evaluate(*compare.operands[i + 1], scope);
    Value result = apply(compare.operators[i], left, right);
    if (!result.truth() || i + 1 == compare.operators.size()) return result;
    left = std::move(right);
  }
  return true;
}

Value Renderer::evaluate_slice(const Expression& slice, const Scope& scope) {
  const auto bound = [&](size_t i) {
    return slice.operands[i] ? evaluate(*slice.operands[i], scope) : Value::none();
  };
  const Value object = evaluate(*slice.operands[0], scope);
  return sliced(object, bound(1), bound(2), bound(3));
}

Value Renderer::evaluate_concat(const Expression& expression, const Scope& scope) {
  std::string out;
  for (const ExpressionPtr& operand : expression.operands) {
    out += evaluate(*operand, scope).str();
  }
  return out;
}

}  // namespace phi::text::jinja
