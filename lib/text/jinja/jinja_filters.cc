#include "text/jinja/jinja_filters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "text/jinja/jinja_json.h"
#include "text/jinja/jinja_text.h"
#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

/// A text filter takes anything and works on what it prints as.
Value text_of(const Value& value) { return value.is_string() ? value : Value(value.str()); }
Value like(const Value& value, std::string text) {
  return Value::text(std::move(text), value.is_markup());
}

template <std::string (*Map)(std::string_view)>
Value mapped(Renderer&, const Value& subject, const Arguments& arguments) {
  BoundArguments("filter", arguments, {}, 0);
  return like(subject, Map(text_of(subject).string()));
}

/// do_title: words begin after white space, '-' and opening brackets only.
std::string title_words(std::string_view text) {
  std::string out;
  bool in_word = false;
  for (; !text.empty(); text.remove_prefix(first_code_point(text).bytes)) {
    const CodePoint c = first_code_point(text);
    const std::string_view letter = text.substr(0, c.bytes);
    const bool separates =
        is_python_space(c.value) ||
        (c.value < 0x80 &&
         std::string_view("-({[<").find(static_cast<char>(c.value)) != std::string_view::npos);
    out += separates || in_word ? to_lower(letter) : to_upper(letter);
    in_word = !separates;
  }
  return out;
}

Value trim(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("trim", arguments, {"chars"}, 0);
  const bool given = bound.find(0) && !bound.at(0).is_none();
  const Value text = text_of(subject);
  return like(subject, std::string(stripped(text.string(), given ? &bound.at(0).string() : nullptr,
                                            Side::both)));
}

Value replace(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("replace", arguments, {"old", "new", "count"}, 2);
  const int64_t count = bound.find(2) && !bound.at(2).is_none() ? bound.at(2).integer() : -1;
  return replaced(subject.str(), bound.at(0).str(), bound.at(1).str(), count);
}

Value indent(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("indent", arguments, {"width", "first", "blank"}, 0);
  const Value width = bound.get(0, int64_t{4});
  const Value unit = width.is_string() ? width : apply(Operator::multiply, " ", width);
  const bool first = bound.flag(1, false), blank = bound.flag(2, false);
  const std::vector<std::string> lines = split_lines(subject.str() + "\n", false);
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i == 0 ? first : blank || !lines[i].empty()) out += unit.string();
    out += lines[i];
    if (out.size() > kMaxTextBytes) refuse("a text is too long");
  }
  return like(subject, std::move(out));
}

Value center(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("center", arguments, {"width"}, 0);
  return call_method(renderer, text_of(subject), "center", {{bound.get(0, int64_t{80})}, {}});
}

Value truncate(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("truncate", arguments, {"length", "killwords", "end", "leeway"}, 0);
  const int64_t length = bound.integer(0, 255);
  const std::string end = bound.get(2, "...").str();
  const auto kept = length - static_cast<int64_t>(count_code_points(end));
  if (kept < 0) refuse("truncate: the length is less than that of the end");
  if (static_cast<int64_t>(subject.length()) <= length + bound.integer(3, 5)) return subject;
  const std::string head = sliced(text_of(subject), Value::none(), kept, Value::none()).string();
  return like(subject, (bound.flag(1, false) ? head : split_from_right(head, " ", 1)[0]) + end);
}

Value format(Renderer&, const Value& subject, const Arguments& arguments) {
  return like(subject, percent_format(subject.str(),
                                      Value::sequence(SequenceType::tuple, arguments.positional)));
}

Value word_count(Renderer&, const Value& subject, const Arguments&) {
  int64_t words = 0;
  bool in_word = false;
  const std::string text = subject.str();
  for (std::string_view rest = text; !rest.empty();
       rest.remove_prefix(first_code_point(rest).bytes)) {
    const bool word = is_word_character(first_code_point(rest).value);
    words += word && !in_word ? 1 : 0;
    in_word = word;
  }
  return words;
}

std::optional<double> parsed_float(std::string_view text) {
  text = stripped(text, nullptr, Side::both);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> parsed_integer(std::string_view text, int base) {
  text = stripped(text, nullptr, Side::both);
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> whole_part(double value) {
  if (!(std::abs(value) < 0x1p62)) return std::nullopt;
  return static_cast<int64_t>(value);
}

Value to_integer(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("int", arguments, {"default", "base"}, 0);
  subject.require_defined();
  std::optional<int64_t> value;
  if (const Text* text = subject.as_text()) {
    value = parsed_integer(text->bytes,
                           static_cast<int>(std::clamp<int64_t>(bound.integer(1, 10), 2, 36)));
    if (!value) {
      if (const auto number = parsed_float(text->bytes)) value = whole_part(*number);
    }
  } else if (subject.is_float()) {
    value = whole_part(subject.number());
  } else if (subject.is_number()) {
    value = subject.integer();
  }
  return value ? Value(*value) : bound.get(0, int64_t{0});
}

Value to_float(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("float", arguments, {"default"}, 0);
  subject.require_defined();
  if (subject.is_number()) return subject.number();
  const Text* text = subject.as_text();
  const std::optional<double> value = text ? parsed_float(text->bytes) : std::nullopt;
  return value ? Value(*value) : bound.get(0, 0.0);
}

Value absolute(Renderer&, const Value& subject, const Arguments&) {
  if (subject.is_float()) return std::abs(subject.number());
  if (!subject.is_number()) refuse("bad operand type for abs(): '", subject.type_name(), "'");
  return subject.integer() < 0 ? apply(Operator::subtract, int64_t{0}, subject)
                               : Value(subject.integer());
}

Value round_number(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("round", arguments, {"precision", "method"}, 0);
  const int64_t precision = bound.integer(0, 0);
  const std::string method = bound.get(1, "common").str();
  if (precision < 0 || precision > 15) refuse("round: precision ", precision, " is not supported");
  const double value = subject.number(), scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return std::ceil(value * scale) / scale;
  if (method == "floor") return std::floor(value * scale) / scale;
  if (method != "common") refuse("round: method must be common, ceil or floor");
  if (!subject.is_float()) return subject.integer();
  char buffer[400];  // what Python rounds is the exact decimal value
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value,
                                          std::chars_format::fixed, static_cast<int>(precision));
  double rounded = value;
  if (error == std::errc()) std::from_chars(buffer, end, rounded);
  return rounded;
}

Value default_value(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("default", arguments, {"default_value", "boolean"}, 0);
  const bool replaces = subject.is_undefined() || (bound.flag(1, false) && !subject.truth());
  return replaces ? bound.get(0, "") : subject;
}

Value to_json(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("tojson", arguments,
                             {"ensure_ascii", "indent", "separators", "sort_keys"}, 0);
  JsonStyle style;
  style.ensure_ascii = bound.flag(0, false);
  if (bound.find(1) && !bound.at(1).is_none()) {
    const Value& by = bound.at(1);
    if (!by.is_string() && by.integer() > 64) refuse("tojson: indent is too large");
    style.indent = by.is_string()
                       ? by.string()
                       : std::string(static_cast<size_t>(std::max<int64_t>(by.integer(), 0)), ' ');
    style.item_separator = ",";
  }
  if (bound.find(2) && !bound.at(2).is_none()) {
    const std::vector<Value> separators = bound.at(2).elements();
    if (separators.size() != 2) refuse("tojson: separators must be two");
    style.item_separator = separators[0].string();
    style.key_separator = separators[1].string();
  }
  style.sort_keys = bound.flag(3, false);
  std::string text = json_text(subject, style);
  renderer.spend(text.size() / 1024);
  return text;
}

Value attribute(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("attr", arguments, {"name"}, 1);
  const std::string& name = bound.at(0).string();
  // Unlike a dot it does not look for an item of that name.
  if (subject.as_dict() && !has_method(subject, name))
    return Value::undefined(concat("'dict object' has no attribute '", name, "'"));
  return renderer.attribute_of(subject, name);
}

constexpr std::array kFilters = {
    NamedFilter{"abs", absolute},
    NamedFilter{"attr", attribute},
    NamedFilter{"capitalize", mapped<capitalized>},
    NamedFilter{"center", center},
    NamedFilter{"d", default_value},
    NamedFilter{"default", default_value},
    NamedFilter{"e", [](Renderer&, const Value& v, const Arguments&) { return escaped(v); }},
    NamedFilter{"escape", [](Renderer&, const Value& v, const Arguments&) { return escaped(v); }},
    NamedFilter{"float", to_float},
    NamedFilter{"forceescape",
                [](Renderer&, const Value& v, const Arguments&) {
                  return Value::text(html_escaped(v.str()), true);
                }},
    NamedFilter{"format", format},
    NamedFilter{"indent", indent},
    NamedFilter{"int", to_integer},
    NamedFilter{"lower", mapped<to_lower>},
    NamedFilter{"replace", replace},
    NamedFilter{"round", round_number},
    NamedFilter{"safe", [](Renderer&, const Value& v,
                           const Arguments&) { return Value::text(v.str(), true); }},
    NamedFilter{"string", [](Renderer&, const Value& v, const Arguments&) { return text_of(v); }},
    NamedFilter{"title", mapped<title_words>},
    NamedFilter{"tojson", to_json},
    NamedFilter{"trim", trim},
    NamedFilter{"truncate", truncate},
    NamedFilter{"upper", mapped<to_upper>},
    NamedFilter{"wordcount", word_count},
};

}  // namespace

Value escaped(const Value& text) {
  return text.is_markup() ? text : Value::text(html_escaped(text.str()), true);
}

std::span<const NamedFilter> value_filters() { return kFilters; }

FilterFunction find_filter(std::string_view name) {
  for (const auto group : {value_filters(), sequence_filters()}) {
    for (const NamedFilter& filter : group) {
      if (filter.name == name) return filter.function;
    }
  }
  return nullptr;
}

}  // namespace phi::text::jinja
