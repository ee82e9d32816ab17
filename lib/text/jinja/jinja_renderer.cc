#include "text/jinja/jinja_renderer.h"

#include <algorithm>
#include <optional>

#include "text/jinja/jinja_loop.h"

namespace phi::text::jinja {
namespace {

constexpr size_t kMaxSteps = 20'000'000;

/// A macro, or the body of a call block.
class Macro final : public Callable {
 public:
  Macro(const Statement& statement, const Scope& scope) : statement_(statement), scope_(scope) {}
  Value call(Renderer& renderer, const Arguments& arguments) const override {
    return renderer.call_macro(statement_, scope_, arguments);
  }

 private:
  const Statement& statement_;
  const Scope& scope_;
};

}  // namespace

const Value* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->parent) {
    for (const auto& [key, value] : scope->values) {
      if (key == name) return &value;
    }
  }
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto& [key, present] : values) {
    if (key == name) {
      present = std::move(value);
      return;
    }
  }
  values.emplace_back(std::string(name), std::move(value));
}

Renderer::~Renderer() = default;

void Renderer::spend(size_t steps) {
  steps_ += steps;
  if (steps_ > kMaxSteps) refuse("it takes more than ", kMaxSteps, " steps");
}

std::string Renderer::render(const Value& context) {
  context_ = context;
  auto global = std::make_unique<Scope>();
  std::string out;
  execute(body_, *global, out);
  return out;
}

Renderer::Flow Renderer::execute(const Body& body, Scope& scope, std::string& out) {
  for (const Statement& statement : body) {
    const Flow flow = execute(statement, scope, out);
    if (out.size() > kMaxTextBytes) refuse("the text is longer than ", kMaxTextBytes, " bytes");
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

Renderer::Flow Renderer::execute_in_scope(const Body& body, const Scope& parent, std::string& out) {
  const NewScope scope(*this, parent);
  return execute(body, *scope, out);
}

std::string Renderer::rendered(const Body& body, const Scope& parent) {
  std::string out;
  execute_in_scope(body, parent, out);
  return out;
}

Renderer::Flow Renderer::execute(const Statement& statement, Scope& scope, std::string& out) {
  const Frame frame(*this);
  switch (statement.kind) {
    case StatementKind::text:
      out += statement.text;
      break;
    case StatementKind::output:
      out += evaluate(*statement.expression, scope).str();
      break;
    case StatementKind::condition:
      return execute(
          evaluate(*statement.expression, scope).truth() ? statement.body : statement.other, scope,
          out);
    case StatementKind::loop: {
      std::vector<Value> elements = evaluate(*statement.expression, scope).elements();
      execute_loop(statement, scope, std::move(elements), 0, out);
      break;
    }
    case StatementKind::assign:
      assign(statement.target, evaluate(*statement.expression, scope), scope);
      break;
    case StatementKind::assign_block: {
      Value text = rendered(statement.body, scope);
      if (statement.expression) text = evaluate_filter(*statement.expression, scope, &text);
      assign(statement.target, text, scope);
      break;
    }
    case StatementKind::macro:
      capture(scope);
      scope.set(statement.text, Value::of(std::make_shared<Macro>(statement, scope)));
      break;
    case StatementKind::call_block: {
      capture(scope);
      const Value caller = Value::of(std::make_shared<Macro>(statement, scope));
      out += evaluate_call(*statement.expression, scope, &caller).str();
      break;
    }
    case StatementKind::filter_block: {
      const Value text = rendered(statement.body, scope);
      out += evaluate_filter(*statement.expression, scope, &text).str();
      break;
    }
    case StatementKind::with: {
      const NewScope inner(*this, scope);
      for (const auto& [target, value] : statement.values)
        assign(target, evaluate(*value, scope), *inner);
      return execute(statement.body, *inner, out);
    }
    case StatementKind::scope:
      return execute_in_scope(statement.body, scope, out);
    case StatementKind::loop_break:
      return Flow::loop_break;
    case StatementKind::loop_continue:
      return Flow::loop_continue;
  }
  return Flow::normal;
}

std::vector<Value> Renderer::filtered(const Statement& loop, const Scope& scope,
                                      std::vector<Value> elements) {
  if (!loop.filter) return elements;
  std::vector<Value> kept;
  for (Value& element : elements) {
    const NewScope inner(*this, scope);
    assign(loop.target, element, *inner);
    if (evaluate(*loop.filter, *inner).truth()) kept.push_back(std::move(element));
  }
  return kept;
}

void Renderer::execute_loop(const Statement& loop, const Scope& scope, std::vector<Value> elements,
                            int64_t depth, std::string& out) {
  const auto state =
      std::make_shared<LoopState>(loop, scope, filtered(loop, scope, std::move(elements)), depth);
  const auto close = [](LoopState* over) { over->close(); };
  const std::unique_ptr<LoopState, decltype(close)> closing(state.get(), close);
  for (; !state->at_end(); state->advance()) {
    const NewScope inner(*this, scope);
    inner->set("loop", Value::of(state));
    assign(loop.target, state->current(), *inner);
    if (execute(loop.body, *inner, out) == Flow::loop_break) break;
  }
  if (state->elements().empty()) execute_in_scope(loop.other, scope, out);
}

std::string Renderer::call_loop(const Statement& loop, const Scope& scope, const Value& elements,
                                int64_t depth) {
  const Frame frame(*this);
  std::string out;
  execute_loop(loop, scope, elements.elements(), depth, out);
  return out;
}

void Renderer::assign(const Target& target, const Value& value, Scope& scope) {
  if (!target.parts.empty()) {
    const std::vector<Value> values = value.elements();
    if (values.size() != target.parts.size()) {
      refuse(values.size(), " values cannot be unpacked into ", target.parts.size(), " names");
    }
    for (size_t i = 0; i < values.size(); ++i) assign(target.parts[i], values[i], scope);
  } else if (target.attribute.empty()) {
    scope.set(target.name, value);
  } else {
    const Value object = lookup(target.name, scope);
    Namespace* space = object.as_namespace();
    if (!space) refuse("cannot assign attribute on non-namespace object '", target.name, "'");
    if (value.depth() + 1 > kMaxValueDepth) refuse("values are nested too deep");
    if (Value* present = space->find(target.attribute)) {
      *present = value;
    } else {
      space->members.emplace_back(target.attribute, value);
    }
  }
}

void Renderer::capture(const Scope& scope) {
  for (const Scope* at = &scope; at && !at->captured; at = at->parent) at->captured = true;
}

std::string Renderer::call_macro(const Statement& macro, const Scope& scope,
                                 const Arguments& arguments) {
  const Frame frame(*this);
  const NewScope inner(*this, scope);
  bind_parameters(macro, arguments, *inner);
  std::string out;
  execute(macro.body, *inner, out);
  return out;
}

void Renderer::bind_parameters(const Statement& macro, const Arguments& arguments, Scope& scope) {
  std::vector<Value> more;
  std::vector<std::pair<Value, Value>> more_named;
  std::vector<const Value*> given(macro.parameters.size());
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    if (i < given.size()) {
      given[i] = &arguments.positional[i];
    } else {
      more.push_back(arguments.positional[i]);
    }
  }
  for (const auto& [name, value] : arguments.named) {
    const auto parameter =
        std::find_if(macro.parameters.begin(), macro.parameters.end(),
                     [&name = name](const Parameter& p) { return p.name == name; });
    if (parameter != macro.parameters.end()) {
      given[static_cast<size_t>(parameter - macro.parameters.begin())] = &value;
    } else if (name == "caller") {
      scope.set(name, value);
    } else {
      more_named.emplace_back(name, value);
    }
  }
  for (size_t i = 0; i < given.size(); ++i) {
    const Parameter& parameter = macro.parameters[i];
    if (given[i]) {
      scope.set(parameter.name, *given[i]);
    } else if (parameter.otherwise) {
      scope.set(parameter.name, evaluate(*parameter.otherwise, scope));
    } else {
      scope.set(parameter.name,
                Value::undefined(concat("parameter '", parameter.name, "' was not provided")));
    }
  }
  scope.set("varargs", Value::sequence(SequenceType::tuple, std::move(more)));
  scope.set("kwargs", Value::dict(std::move(more_named)));
}

Value Renderer::make_namespace(std::vector<std::pair<std::string, Value>> members) {
  spend(members.size() + 1);
  namespaces_.push_back(std::make_unique<Namespace>(Namespace{std::move(members)}));
  return Value::of(namespaces_.back().get());
}

}  // namespace phi::text::jinja
