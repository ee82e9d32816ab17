#include "text/jinja/jinja_value.h"

#include <algorithm>
#include <cmath>

#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

template <class Number>
int sign_of(Number a, Number b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_sequences(const Sequence& a, const Sequence& b) {
  const size_t shared = std::min(a.elements.size(), b.elements.size());
  for (size_t i = 0; i < shared; ++i) {
    if (!a.elements[i].equals(b.elements[i])) return a.elements[i].compare(b.elements[i]);
  }
  return sign_of(a.elements.size(), b.elements.size());
}

}  // namespace

const Value* Dict::find(const Value& key) const {
  for (const auto& [name, value] : members) {
    if (name.equals(key)) return &value;
  }
  return nullptr;
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (const Text* text = name.as_text(); text && text->bytes == key) return &value;
  }
  return nullptr;
}

Value* Namespace::find(std::string_view name) {
  for (auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

Value::Value(std::string value) : Value(text(std::move(value), false)) {}

Value Value::undefined(std::string message) {
  return Value(std::in_place_type<Undefined>,
               Undefined{std::make_shared<const std::string>(std::move(message))});
}

Value Value::text(std::string value, bool markup) {
  if (value.size() > kMaxTextBytes) refuse("a text of ", value.size(), " bytes is too long");
  return Value(std::in_place_type<std::shared_ptr<const Text>>,
               std::make_shared<const Text>(Text{std::move(value), markup}));
}

Value Value::sequence(SequenceType type, std::vector<Value> elements) {
  Sequence sequence{type, std::move(elements)};
  for (const Value& element : sequence.elements)
    sequence.depth = std::max(sequence.depth, element.depth() + 1);
  if (sequence.depth > kMaxValueDepth) refuse("values are nested too deep");
  return Value(std::in_place_type<std::shared_ptr<const Sequence>>,
               std::make_shared<const Sequence>(std::move(sequence)));
}

Value Value::dict(std::vector<std::pair<Value, Value>> members) {
  Dict dict;
  for (auto& [key, value] : members) {
    dict.depth = std::max(dict.depth, value.depth() + 1);
    if (const Value* present = dict.find(key)) {
      *const_cast<Value*>(present) = std::move(value);  // the dict is still ours alone
    } else {
      dict.members.emplace_back(std::move(key), std::move(value));
    }
  }
  if (dict.depth > kMaxValueDepth) refuse("values are nested too deep");
  return Value(std::in_place_type<std::shared_ptr<const Dict>>,
               std::make_shared<const Dict>(std::move(dict)));
}

Value Value::of(std::shared_ptr<const Callable> callable) {
  return Value(std::in_place_type<std::shared_ptr<const Callable>>, std::move(callable));
}

Value Value::from_json(const io::Json& json) {
  if (json.is_null()) return none();
  if (json.is_bool()) return json.as_bool("");
  if (json.is_string()) return json.as_string("");
  if (json.is_array()) {
    std::vector<Value> elements;
    for (const io::Json& element : json.as_array("")) elements.push_back(from_json(element));
    return sequence(SequenceType::list, std::move(elements));
  }
  if (json.is_object()) {
    // The parser has seen to it that keys are unique.
    Dict dict;
    for (const auto& [key, value] : json.as_object("")) {
      dict.members.emplace_back(key, from_json(value));
      dict.depth = std::max(dict.depth, dict.members.back().second.depth() + 1);
    }
    return Value(std::in_place_type<std::shared_ptr<const Dict>>,
                 std::make_shared<const Dict>(std::move(dict)));
  }
  const double number = json.as_number("");
  const bool whole = json.is_integer() && std::abs(number) < 0x1p63;
  return whole ? Value(json.as_integer("")) : Value(number);
}

bool Value::is_indexable() const {
  const Sequence* sequence = as_sequence();
  return sequence &&
         (sequence->type == SequenceType::list || sequence->type == SequenceType::tuple ||
          sequence->type == SequenceType::range);
}

Namespace* Value::as_namespace() const {
  Namespace* const* space = std::get_if<Namespace*>(&data_);
  return space ? *space : nullptr;
}

void Value::require_defined() const {
  if (const auto* undefined = std::get_if<Undefined>(&data_)) {
    refuse(undefined->message ? *undefined->message : std::string("a value is undefined"));
  }
}

int64_t Value::integer() const {
  require_defined();
  if (is_bool()) return std::get<bool>(data_) ? 1 : 0;
  if (!is_integer()) refuse("'", type_name(), "' object cannot be interpreted as an integer");
  return std::get<int64_t>(data_);
}

double Value::number() const {
  require_defined();
  if (is_float()) return std::get<double>(data_);
  if (!is_number()) refuse("must be a number, not ", type_name());
  return static_cast<double>(integer());
}

const std::string& Value::string() const {
  require_defined();
  if (!is_string()) refuse("expected a string, not ", type_name());
  return as_text()->bytes;
}

bool Value::truth() const {
  if (is_undefined() || is_none()) return false;
  if (is_float()) return number() != 0;
  if (is_number()) return integer() != 0;
  if (const Text* text = as_text()) return !text->bytes.empty();
  if (const Dict* dict = as_dict()) return !dict->members.empty();
  if (const Sequence* sequence = as_sequence()) {
    return sequence->type == SequenceType::generator || !sequence->elements.empty();
  }
  return true;
}

std::string_view Value::type_name() const {
  if (is_undefined()) return "Undefined";
  if (is_none()) return "NoneType";
  if (is_bool()) return "bool";
  if (is_integer()) return "int";
  if (is_float()) return "float";
  if (is_string()) return is_markup() ? "Markup" : "str";
  if (as_dict()) return "dict";
  if (as_namespace()) return "Namespace";
  if (const Sequence* sequence = as_sequence()) {
    constexpr std::string_view kNames[] = {"list",        "tuple",      "range",    "dict_keys",
                                           "dict_values", "dict_items", "generator"};
    return kNames[static_cast<size_t>(sequence->type)];
  }
  return "function";
}

int Value::depth() const {
  if (const Sequence* sequence = as_sequence()) return sequence->depth;
  if (const Dict* dict = as_dict()) return dict->depth;
  return 0;
}

std::vector<Value> Value::elements() const {
  std::vector<Value> out;
  if (is_undefined()) return out;
  if (const Sequence* sequence = as_sequence()) {
    if (sequence->type != SequenceType::generator) return sequence->elements;
    out.assign(sequence->elements.begin() + static_cast<ptrdiff_t>(sequence->taken),
               sequence->elements.end());
    sequence->taken = sequence->elements.size();
  } else if (const Dict* dict = as_dict()) {
    for (const auto& member : dict->members) out.push_back(member.first);
  } else if (const Text* text = as_text()) {
    for (std::string_view rest = text->bytes; !rest.empty();) {
      const size_t bytes = first_code_point(rest).bytes;
      out.push_back(Value::text(std::string(rest.substr(0, bytes)), text->markup));
      rest.remove_prefix(bytes);
    }
  } else {
    refuse("'", type_name(), "' object is not iterable");
  }
  return out;
}

size_t Value::length() const {
  if (is_undefined()) return 0;
  if (const Text* text = as_text()) return count_code_points(text->bytes);
  if (const Dict* dict = as_dict()) return dict->members.size();
  const Sequence* sequence = as_sequence();
  if (!sequence || sequence->type == SequenceType::generator)
    refuse("object of type '", type_name(), "' has no len()");
  return sequence->elements.size();
}

bool Value::equals(const Value& other) const {
  if (is_number() && other.is_number()) {
    return is_float() || other.is_float() ? number() == other.number()
                                          : integer() == other.integer();
  }
  if (is_string() && other.is_string()) return as_text()->bytes == other.as_text()->bytes;
  if (is_none() || is_undefined()) return data_.index() == other.data_.index();
  if (const Sequence* a = as_sequence(), *b = other.as_sequence(); a && b) {
    if (a == b) return true;
    return a->type == b->type && a->type != SequenceType::generator &&
           std::equal(a->elements.begin(), a->elements.end(), b->elements.begin(),
                      b->elements.end(),
                      [](const Value& x, const Value& y) { return x.equals(y); });
  }
  if (const Dict* a = as_dict(), *b = other.as_dict(); a && b) {
    return a->members.size() == b->members.size() &&
           std::all_of(a->members.begin(), a->members.end(), [&](const auto& member) {
             const Value* value = b->find(member.first);
             return value && value->equals(member.second);
           });
  }
  if (as_namespace()) return as_namespace() == other.as_namespace();
  return as_callable() && as_callable() == other.as_callable();
}

int Value::compare(const Value& other) const {
  require_defined();
  other.require_defined();
  if (is_number() && other.is_number()) {
    return is_float() || other.is_float() ? sign_of(number(), other.number())
                                          : sign_of(integer(), other.integer());
  }
  if (is_string() && other.is_string()) return as_text()->bytes.compare(other.as_text()->bytes);
  if (const Sequence* a = as_sequence(), *b = other.as_sequence();
      a && b && a->type == b->type && is_indexable()) {
    return compare_sequences(*a, *b);
  }
  refuse("no order between '", type_name(), "' and '", other.type_name(), "'");
}

BoundArguments::BoundArguments(std::string_view function, const Arguments& arguments,
                               std::initializer_list<std::string_view> parameters, size_t required)
    : values_(parameters.size()) {
  if (arguments.positional.size() > parameters.size()) {
    refuse(function, "() takes at most ", parameters.size(), " arguments, ",
           arguments.positional.size(), " given");
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::find(parameters.begin(), parameters.end(), name);
    if (found == parameters.end())
      refuse(function, "() got an unexpected keyword argument '", printable(name), "'");
    const Value*& place = values_[static_cast<size_t>(found - parameters.begin())];
    if (place) refuse(function, "() got multiple values for argument '", printable(name), "'");
    place = &value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (!values_[i]) refuse(function, "() misses its argument '", *(parameters.begin() + i), "'");
  }
}

}  // namespace phi::text::jinja
