/// Runs a parsed template. Behaves as Jinja2's sandboxed environment does in `transformers`: values
/// cannot be changed in place, undefined names print as nothing, loops know break and continue.
#ifndef PHI_TEXT_JINJA_JINJA_RENDERER_H_
#define PHI_TEXT_JINJA_JINJA_RENDERER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/jinja_ast.h"
#include "text/jinja/jinja_value.h"

namespace phi::text::jinja {

/// The names that one block has set.
struct Scope {
  const Scope* parent = nullptr;
  std::vector<std::pair<std::string, Value>> values;
  mutable bool captured = false;  // a macro refers to it: it lives until the rendering ends

  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
};

class LoopState;

/// One rendering; one thread. The template must outlive it.
class Renderer {
 public:
  explicit Renderer(const Body& body) : body_(body) {}
  ~Renderer();

  /// `context` holds the variables that the template starts with. Error{invalid_argument} when the
  /// template refuses, or does more than the limits allow.
  std::string render(const Value& context);

  // For functions, filters, tests and methods.
  Value attribute_of(const Value& object, const std::string& name);  ///< object.name
  Value item_of(const Value& object, const Value& key);              ///< object[key]
  Value call(const Value& callee, const Arguments& arguments);
  Value call_filter(const std::string& name, const Value& subject, const Arguments& arguments);
  bool call_test(const std::string& name, const Value& subject, const Arguments& arguments);
  Value make_namespace(std::vector<std::pair<std::string, Value>> members);
  std::string call_macro(const Statement& macro, const Scope& scope, const Arguments& arguments);
  std::string call_loop(const Statement& loop, const Scope& scope, const Value& elements,
                        int64_t depth);
  /// Counts work of `steps` against the limit.
  void spend(size_t steps);

 private:
  enum class Flow : int32_t { normal, loop_break, loop_continue };
  class NewScope;
  class Frame;

  Flow execute(const Body& body, Scope& scope, std::string& out);
  Flow execute(const Statement& statement, Scope& scope, std::string& out);
  Flow execute_in_scope(const Body& body, const Scope& parent, std::string& out);
  void execute_loop(const Statement& loop, const Scope& scope, std::vector<Value> elements,
                    int64_t depth, std::string& out);
  std::vector<Value> filtered(const Statement& loop, const Scope& scope,
                              std::vector<Value> elements);
  std::string rendered(const Body& body, const Scope& parent);
  void assign(const Target& target, const Value& value, Scope& scope);
  void bind_parameters(const Statement& macro, const Arguments& arguments, Scope& scope);

  Value evaluate(const Expression& expression, const Scope& scope);
  Value evaluate_filter(const Expression& filter, const Scope& scope, const Value* block_text);
  Value evaluate_call(const Expression& call, const Scope& scope, const Value* caller);
  Value evaluate_compare(const Expression& compare, const Scope& scope);
  Value evaluate_slice(const Expression& slice, const Scope& scope);
  Value evaluate_concat(const Expression& expression, const Scope& scope);
  std::vector<Value> evaluate_all(const std::vector<ExpressionPtr>& expressions,
                                  const Scope& scope);
  Arguments evaluate_arguments(const CallArguments& arguments, const Scope& scope);
  Value lookup(const std::string& name, const Scope& scope) const;
  void capture(const Scope& scope);

  const Body& body_;
  Value context_;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
  std::vector<std::unique_ptr<Scope>> kept_scopes_;
  size_t steps_ = 0;
  int depth_ = 0;
};

/// Statements, expressions and macros may be within one another this deep.
inline constexpr int kMaxDepth = 400;

/// A scope for one block. Lives on after the block if a macro refers to it.
class Renderer::NewScope {
 public:
  NewScope(Renderer& renderer, const Scope& parent)
      : renderer_(renderer), scope_(std::make_unique<Scope>()) {
    scope_->parent = &parent;
  }
  ~NewScope() {
    if (scope_->captured) renderer_.kept_scopes_.push_back(std::move(scope_));
  }
  Scope& operator*() const { return *scope_; }
  Scope* operator->() const { return scope_.get(); }

 private:
  Renderer& renderer_;
  std::unique_ptr<Scope> scope_;
};

/// One level of recursion, and one step.
class Renderer::Frame {
 public:
  explicit Frame(Renderer& renderer) : renderer_(renderer) {
    renderer_.spend(1);
    if (renderer_.depth_ >= kMaxDepth) refuse("recursion is too deep");
    ++renderer_.depth_;
  }
  ~Frame() { --renderer_.depth_; }

 private:
  Renderer& renderer_;
};

/// Python's binary operators, `in` and `not in` among them.
Value apply(Operator op, const Value& left, const Value& right);
bool contains(const Value& container, const Value& element);

/// `text` with the characters of HTML escaped, as markup.
Value escaped(const Value& text);

/// Is there a method of this name for values of this type? Those that would change the value count
/// as well.
bool has_method(const Value& object, std::string_view name);
Value call_method(Renderer& renderer, const Value& object, const std::string& name,
                  const Arguments& arguments);

/// A function of every template: range, namespace, raise_exception, ...; undefined if there is
/// none.
Value global_function(std::string_view name);

/// Filters and tests by name; nullptr if there is none.
using FilterFunction = Value (*)(Renderer&, const Value& subject, const Arguments&);
using TestFunction = bool (*)(Renderer&, const Value& subject, const Arguments&);
FilterFunction find_filter(std::string_view name);
TestFunction find_test(std::string_view name);

/// Functions are wrapped as values by this.
class Function final : public Callable {
 public:
  using Body = Value (*)(Renderer&, const Arguments&);
  explicit Function(Body body) : body_(body) {}
  Value call(Renderer& renderer, const Arguments& arguments) const override {
    return body_(renderer, arguments);
  }

 private:
  Body body_;
};

/// Python's text[start:stop:step] and list[...]; null bounds are left out.
Value sliced(const Value& object, const Value& start, const Value& stop, const Value& step);

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_RENDERER_H_
