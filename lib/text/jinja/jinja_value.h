/// The values of a chat template. They behave as Python's do, because the templates were written
/// for Python: `str`, `repr`, truth, equality and order are those of the type that Jinja2 would
/// have.
///
/// Values are immutable and cheap to copy; what a template changes are its namespaces, which the
/// renderer owns.
#ifndef PHI_TEXT_JINJA_JINJA_VALUE_H_
#define PHI_TEXT_JINJA_JINJA_VALUE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/fail.h"
#include "io/json.h"

namespace phi::text::jinja {

class Value;
class Callable;
struct Namespace;

/// Lists are nested at most this deep, so that no walk over a value overflows the stack.
inline constexpr int kMaxValueDepth = 100;
/// The longest text that a template may build.
inline constexpr size_t kMaxTextBytes = size_t{256} << 20;

/// Throws Error{invalid_argument}: the template cannot be rendered with these messages.
template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  fail(Code::invalid_argument, "chat template: ", parts...);
}

enum class SequenceType : int32_t { list, tuple, range, keys, values, items, generator };

struct Sequence {
  SequenceType type = SequenceType::list;
  std::vector<Value> elements;
  int depth = 1;
  mutable size_t taken = 0;  // generators give each element once
};

struct Dict {
  std::vector<std::pair<Value, Value>> members;  // in order of insertion
  int depth = 1;

  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
};

struct Text {
  std::string bytes;  // UTF-8
  bool markup;        // result of `safe` or `escape`: adding other text to it escapes the other
};

class Value {
 public:
  Value() = default;  ///< undefined
  static Value none() { return Value(std::in_place_type<None>); }
  static Value undefined(std::string message);  ///< `message` says what is undefined
  Value(bool value) : data_(value) {}           // NOLINT: implicit, as in the templates themselves
  Value(int64_t value) : data_(value) {}        // NOLINT
  Value(double value) : data_(value) {}         // NOLINT
  Value(std::string value);                     // NOLINT
  Value(std::string_view value) : Value(std::string(value)) {}  // NOLINT
  Value(const char* value) : Value(std::string(value)) {}       // NOLINT
  static Value text(std::string value, bool markup);
  static Value sequence(SequenceType type, std::vector<Value> elements);
  static Value dict(
      std::vector<std::pair<Value, Value>> members);  ///< the last of equal keys counts
  static Value of(Namespace* space) { return Value(std::in_place_type<Namespace*>, space); }
  static Value of(std::shared_ptr<const Callable> callable);
  static Value from_json(const io::Json& json);

  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_none() const { return std::holds_alternative<None>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(data_); }
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_bool() || is_integer() || is_float(); }
  bool is_string() const { return as_text() != nullptr; }
  bool is_markup() const { return as_text() && as_text()->markup; }
  /// A list, a tuple or a range: has elements by number.
  bool is_indexable() const;

  const Text* as_text() const { return get<std::shared_ptr<const Text>>(); }
  const Sequence* as_sequence() const { return get<std::shared_ptr<const Sequence>>(); }
  const Dict* as_dict() const { return get<std::shared_ptr<const Dict>>(); }
  const Callable* as_callable() const { return get<std::shared_ptr<const Callable>>(); }
  Namespace* as_namespace() const;

  /// Error{invalid_argument} when it is of another type.
  int64_t integer() const;  ///< bools too
  double number() const;    ///< any number
  const std::string& string() const;
  /// Error{invalid_argument} that says what is undefined, if this is.
  void require_defined() const;

  bool truth() const;
  std::string str() const;             ///< what printing shows
  std::string repr() const;            ///< what printing a list that holds it shows
  std::string_view type_name() const;  ///< Python's: "str", "dict"
  int depth() const;

  /// All that iterating gives: elements, keys, characters. Consumes a generator.
  std::vector<Value> elements() const;
  size_t length() const;

  bool equals(const Value& other) const;
  /// <0, 0, >0; Error{invalid_argument} if Python has no order for the two.
  int compare(const Value& other) const;

 private:
  struct None {};
  struct Undefined {
    std::shared_ptr<const std::string> message;
  };
  using Data = std::variant<Undefined, None, bool, int64_t, double, std::shared_ptr<const Text>,
                            std::shared_ptr<const Sequence>, std::shared_ptr<const Dict>,
                            Namespace*, std::shared_ptr<const Callable>>;

  template <class T, class... Args>
  explicit Value(std::in_place_type_t<T> type, Args&&... args)
      : data_(type, std::forward<Args>(args)...) {}

  template <class Pointer>
  const typename Pointer::element_type* get() const {
    const Pointer* pointer = std::get_if<Pointer>(&data_);
    return pointer ? pointer->get() : nullptr;
  }

  Data data_;
};

/// What `namespace()` makes; the renderer owns it.
struct Namespace {
  std::vector<std::pair<std::string, Value>> members;

  Value* find(std::string_view name);
};

/// A call's arguments.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Renderer;

/// Functions, macros and methods.
class Callable {
 public:
  virtual ~Callable() = default;
  virtual Value call(Renderer& renderer, const Arguments& arguments) const = 0;
  /// `loop.index` and its like; the other callables have none.
  virtual std::optional<Value> attribute(std::string_view) const { return std::nullopt; }
};

/// Arguments matched with a function's parameters; refers to the arguments.
class BoundArguments {
 public:
  /// Error{invalid_argument} for too many arguments or one of an unknown name. The first `required`
  /// must be given.
  BoundArguments(std::string_view function, const Arguments& arguments,
                 std::initializer_list<std::string_view> parameters, size_t required);

  BoundArguments(std::string_view, Arguments&&, std::initializer_list<std::string_view>,
                 size_t) = delete;

  /// nullptr if it was not given.
  const Value* find(size_t parameter) const { return values_[parameter]; }
  const Value& at(size_t parameter) const { return *values_[parameter]; }
  Value get(size_t parameter, const Value& otherwise) const {
    return find(parameter) ? at(parameter) : otherwise;
  }
  bool flag(size_t parameter, bool otherwise) const {
    return find(parameter) ? at(parameter).truth() : otherwise;
  }
  int64_t integer(size_t parameter, int64_t otherwise) const {
    return find(parameter) ? at(parameter).integer() : otherwise;
  }

 private:
  std::vector<const Value*> values_;
};

/// A float as Python prints it: the shortest text that reads back as the same number.
std::string float_text(double value);

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_VALUE_H_
