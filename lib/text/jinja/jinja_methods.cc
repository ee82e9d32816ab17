#include <algorithm>
#include <array>
#include <span>

#include "text/jinja/jinja_renderer.h"
#include "text/jinja/jinja_text.h"
#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

using Method = Value (*)(const Value& self, const Arguments& arguments);
struct NamedMethod {
  std::string_view name;
  Method method;  // null: would change the value, which the sandbox forbids
};

Value list_of(const std::vector<std::string>& texts) {
  return Value::sequence(SequenceType::list, std::vector<Value>(texts.begin(), texts.end()));
}

Value like(const Value& self, std::string text) {
  return Value::text(std::move(text), self.is_markup());
}

template <std::string (*Map)(std::string_view)>
Value mapped(const Value& self, const Arguments& arguments) {
  BoundArguments("method", arguments, {}, 0);
  return like(self, Map(self.string()));
}

template <Side side>
Value strip(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("strip", arguments, {"chars"}, 0);
  const bool given = bound.find(0) && !bound.at(0).is_none();
  return like(self,
              std::string(stripped(self.string(), given ? &bound.at(0).string() : nullptr, side)));
}

template <bool from_right>
Value split_method(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("split", arguments, {"sep", "maxsplit"}, 0);
  const int64_t most = bound.integer(1, -1);
  if (!bound.find(0) || bound.at(0).is_none()) {
    if (from_right && most >= 0)
      refuse("rsplit() without separator, but with maxsplit, is not supported");
    return list_of(split_words(self.string(), most));
  }
  const std::string& separator = bound.at(0).string();
  return list_of(from_right ? split_from_right(self.string(), separator, most)
                            : split(self.string(), separator, most));
}

/// startswith and endswith: one affix or a tuple of them.
template <bool at_end>
Value has_affix(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("startswith", arguments, {"affix"}, 1);
  const auto matches = [&](const Value& affix) {
    return at_end ? self.string().ends_with(affix.string())
                  : self.string().starts_with(affix.string());
  };
  if (bound.at(0).is_string()) return matches(bound.at(0));
  const std::vector<Value> affixes = bound.at(0).elements();
  return std::any_of(affixes.begin(), affixes.end(), matches);
}

template <bool at_end>
Value without_affix(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("removeprefix", arguments, {"affix"}, 1);
  const std::string &text = self.string(), &affix = bound.at(0).string();
  const bool has = at_end ? text.ends_with(affix) : text.starts_with(affix);
  return like(self, !has     ? text
                    : at_end ? text.substr(0, text.size() - affix.size())
                             : text.substr(affix.size()));
}

template <bool from_right>
Value find_text(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("find", arguments, {"sub"}, 1);
  const std::string& text = self.string();
  const size_t at = from_right ? text.rfind(bound.at(0).string()) : text.find(bound.at(0).string());
  return at == std::string::npos
             ? int64_t{-1}
             : static_cast<int64_t>(count_code_points(std::string_view(text).substr(0, at)));
}

template <bool from_right>
Value index_of_text(const Value& self, const Arguments& arguments) {
  Value at = find_text<from_right>(self, arguments);
  if (at.integer() < 0) refuse("substring not found");
  return at;
}

template <bool from_right>
Value partition(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("partition", arguments, {"sep"}, 1);
  const std::string &text = self.string(), &separator = bound.at(0).string();
  if (separator.empty()) refuse("empty separator");
  const size_t at = from_right ? text.rfind(separator) : text.find(separator);
  std::vector<Value> parts =
      from_right ? std::vector<Value>{"", "", text} : std::vector<Value>{text, "", ""};
  if (at != std::string::npos)
    parts = {text.substr(0, at), separator, text.substr(at + separator.size())};
  return Value::sequence(SequenceType::tuple, std::move(parts));
}

Value replace_method(const Value& self, const Arguments& arguments) {
  if (!arguments.named.empty()) refuse("str.replace() takes no keyword arguments");
  const BoundArguments bound("replace", arguments, {"old", "new", "count"}, 2);
  const std::string to = self.is_markup() ? escaped(bound.at(1)).string() : bound.at(1).string();
  return like(self, replaced(self.string(), bound.at(0).string(), to, bound.integer(2, -1)));
}

Value count_text(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("count", arguments, {"sub"}, 1);
  if (bound.at(0).string().empty()) return static_cast<int64_t>(self.length() + 1);
  return static_cast<int64_t>(split(self.string(), bound.at(0).string(), -1).size() - 1);
}

Value join_method(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("join", arguments, {"iterable"}, 1);
  std::string out;
  bool first = true;
  for (const Value& element : bound.at(0).elements()) {
    if (!first) out += self.string();
    first = false;
    out += element.string();
    if (out.size() > kMaxTextBytes) refuse("a text is too long");
  }
  return like(self, std::move(out));
}

Value split_lines_method(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("splitlines", arguments, {"keepends"}, 0);
  return list_of(split_lines(self.string(), bound.flag(0, false)));
}

Value format_method(const Value& self, const Arguments& arguments) {
  return like(self, brace_format(self.string(), arguments));
}

enum class Align : int32_t { left, right, center, zeros };
template <Align align>
Value padded(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("ljust", arguments, {"width", "fillchar"}, 1);
  const auto length = static_cast<int64_t>(self.length());
  const int64_t width = bound.at(0).integer();
  if (width > static_cast<int64_t>(kMaxTextBytes)) refuse("a text is too long");
  const int64_t missing = std::max(int64_t{0}, width - length);
  // Where the room cannot be halved, Python puts the odd place to the left only if the width is
  // odd.
  const int64_t left = align == Align::left     ? 0
                       : align == Align::center ? missing / 2 + (missing & width & 1)
                                                : missing;
  const std::string fill = align == Align::zeros ? "0" : bound.get(1, " ").string();
  std::string out;
  for (int64_t i = 0; i < left; ++i) out += fill;
  out += self.string();
  for (int64_t i = left; i < missing; ++i) out += fill;
  return like(self, std::move(out));
}

/// isalpha and its like: all code points are so, and there is one.
template <bool (*Is)(char32_t)>
Value all_are(const Value& self, const Arguments&) {
  std::string_view text = self.string();
  if (text.empty()) return false;
  for (; !text.empty(); text.remove_prefix(first_code_point(text).bytes)) {
    if (!Is(first_code_point(text).value)) return false;
  }
  return true;
}

bool is_decimal(char32_t c) { return is_decimal_digit(c); }
bool is_alphanumeric(char32_t c) { return is_letter(c) || is_decimal_digit(c); }
bool is_alphabetic(char32_t c) { return is_letter(c); }

template <std::string (*Map)(std::string_view), std::string (*Other)(std::string_view)>
Value is_case(const Value& self, const Arguments&) {
  return Map(self.string()) == self.string() && Other(self.string()) != self.string();
}

constexpr std::array kTextMethods = {
    NamedMethod{"capitalize", mapped<capitalized>},
    NamedMethod{"casefold", mapped<to_lower>},
    NamedMethod{"center", padded<Align::center>},
    NamedMethod{"count", count_text},
    NamedMethod{"endswith", has_affix<true>},
    NamedMethod{"find", find_text<false>},
    NamedMethod{"format", format_method},
    NamedMethod{"index", index_of_text<false>},
    NamedMethod{"isalnum", all_are<is_alphanumeric>},
    NamedMethod{"isalpha", all_are<is_alphabetic>},
    NamedMethod{"isdecimal", all_are<is_decimal>},
    NamedMethod{"isdigit", all_are<is_decimal>},
    NamedMethod{"islower", is_case<to_lower, to_upper>},
    NamedMethod{"isnumeric", all_are<is_decimal>},
    NamedMethod{"isspace", all_are<is_python_space>},
    NamedMethod{"isupper", is_case<to_upper, to_lower>},
    NamedMethod{"join", join_method},
    NamedMethod{"ljust", padded<Align::left>},
    NamedMethod{"lower", mapped<to_lower>},
    NamedMethod{"lstrip", strip<Side::left>},
    NamedMethod{"partition", partition<false>},
    NamedMethod{"removeprefix", without_affix<false>},
    NamedMethod{"removesuffix", without_affix<true>},
    NamedMethod{"replace", replace_method},
    NamedMethod{"rfind", find_text<true>},
    NamedMethod{"rindex", index_of_text<true>},
    NamedMethod{"rjust", padded<Align::right>},
    NamedMethod{"rpartition", partition<true>},
    NamedMethod{"rsplit", split_method<true>},
    NamedMethod{"rstrip", strip<Side::right>},
    NamedMethod{"split", split_method<false>},
    NamedMethod{"splitlines", split_lines_method},
    NamedMethod{"startswith", has_affix<false>},
    NamedMethod{"strip", strip<Side::both>},
    NamedMethod{"title", mapped<titled>},
    NamedMethod{"upper", mapped<to_upper>},
    NamedMethod{"zfill", padded<Align::zeros>},
};

Value dict_get(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("get", arguments, {"key", "default"}, 1);
  const Value* value = self.as_dict()->find(bound.at(0));
  return value ? *value : bound.get(1, Value::none());
}

template <SequenceType type>
Value dict_view(const Value& self, const Arguments& arguments) {
  BoundArguments("items", arguments, {}, 0);
  std::vector<Value> elements;
  for (const auto& [key, value] : self.as_dict()->members) {
    if (type == SequenceType::keys) elements.push_back(key);
    if (type == SequenceType::values) elements.push_back(value);
    if (type == SequenceType::items)
      elements.push_back(Value::sequence(SequenceType::tuple, {key, value}));
  }
  return Value::sequence(type, std::move(elements));
}

Value itself(const Value& self, const Arguments&) { return self; }

constexpr std::array kDictMethods = {
    NamedMethod{"get", dict_get},
    NamedMethod{"items", dict_view<SequenceType::items>},
    NamedMethod{"keys", dict_view<SequenceType::keys>},
    NamedMethod{"values", dict_view<SequenceType::values>},
    NamedMethod{"copy", itself},
    NamedMethod{"clear", nullptr},
    NamedMethod{"pop", nullptr},
    NamedMethod{"popitem", nullptr},
    NamedMethod{"setdefault", nullptr},
    NamedMethod{"update", nullptr},
};

Value count_element(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("count", arguments, {"value"}, 1);
  const std::vector<Value>& elements = self.as_sequence()->elements;
  return static_cast<int64_t>(std::count_if(elements.begin(), elements.end(),
                                            [&](const Value& e) { return e.equals(bound.at(0)); }));
}

Value index_of_element(const Value& self, const Arguments& arguments) {
  const BoundArguments bound("index", arguments, {"value"}, 1);
  const std::vector<Value>& elements = self.as_sequence()->elements;
  const auto found = std::find_if(elements.begin(), elements.end(),
                                  [&](const Value& e) { return e.equals(bound.at(0)); });
  if (found == elements.end()) refuse(bound.at(0).repr(), " is not in the list");
  return static_cast<int64_t>(found - elements.begin());
}

constexpr std::array kTupleMethods = {NamedMethod{"count", count_element},
                                      NamedMethod{"index", index_of_element}};
constexpr std::array kListMethods = {
    NamedMethod{"count", count_element}, NamedMethod{"index", index_of_element},
    NamedMethod{"copy", itself},         NamedMethod{"append", nullptr},
    NamedMethod{"clear", nullptr},       NamedMethod{"extend", nullptr},
    NamedMethod{"insert", nullptr},      NamedMethod{"pop", nullptr},
    NamedMethod{"remove", nullptr},      NamedMethod{"reverse", nullptr},
    NamedMethod{"sort", nullptr},
};

std::span<const NamedMethod> methods_of(const Value& object) {
  if (object.is_string()) return kTextMethods;
  if (object.as_dict()) return kDictMethods;
  const Sequence* sequence = object.as_sequence();
  if (sequence && sequence->type == SequenceType::list) return kListMethods;
  if (object.is_indexable()) return kTupleMethods;
  return {};
}

const NamedMethod* find_method(const Value& object, std::string_view name) {
  for (const NamedMethod& method : methods_of(object)) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace

bool has_method(const Value& object, std::string_view name) {
  return find_method(object, name) != nullptr;
}

Value call_method(Renderer& renderer, const Value& object, const std::string& name,
                  const Arguments& arguments) {
  renderer.spend(1);
  const NamedMethod* found = find_method(object, name);
  if (!found->method)
    refuse("access to attribute '", name, "' of '", object.type_name(), "' object is unsafe");
  return found->method(object, arguments);
}

}  // namespace phi::text::jinja
