#include <charconv>
#include <cmath>

#include "text/jinja/jinja_value.h"
#include "text/unicode.h"

// How values print: Python's str() and repr().
namespace phi::text::jinja {
namespace {

std::string string_repr(std::string_view text) {
  const bool double_quotes = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = double_quotes ? '"' : '\'';
  std::string out(1, quote);
  const auto hex = [&](char32_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
      out += "0123456789abcdef"[value >> shift & 15];
  };
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    const char32_t c = next.value;
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(0, next.bytes);
    } else if (c < 0x100) {
      out += "\\x";
      hex(c, 2);
    } else if (c < 0x10000) {
      out += "\\u";
      hex(c, 4);
    } else {
      out += "\\U";
      hex(c, 8);
    }
    text.remove_prefix(next.bytes);
  }
  return out + quote;
}

std::string joined_reprs(const std::vector<Value>& values) {
  std::string out;
  for (const Value& value : values) {
    if (!out.empty()) out += ", ";
    out += value.repr();
  }
  return out;
}

std::string sequence_repr(const Sequence& sequence) {
  const std::string inner = joined_reprs(sequence.elements);
  switch (sequence.type) {
    case SequenceType::list:
      return concat('[', inner, ']');
    case SequenceType::tuple:
      return concat('(', inner, sequence.elements.size() == 1 ? ",)" : ")");
    case SequenceType::range:
      return concat("range(", inner, ')');
    case SequenceType::keys:
      return concat("dict_keys([", inner, "])");
    case SequenceType::values:
      return concat("dict_values([", inner, "])");
    case SequenceType::items:
      return concat("dict_items([", inner, "])");
    case SequenceType::generator:
      return "<generator object>";
  }
  return {};
}

std::string dict_repr(const Dict& dict) {
  std::string out;
  for (const auto& [key, value] : dict.members) {
    if (!out.empty()) out += ", ";
    out += key.repr();
    out += ": ";
    out += value.repr();
  }
  return concat('{', out, '}');
}

}  // namespace

std::string Value::str() const {
  if (is_undefined()) return {};
  return is_string() ? as_text()->bytes : repr();
}

std::string Value::repr() const {
  if (is_undefined()) return "Undefined";
  if (is_none()) return "None";
  if (is_bool()) return integer() ? "True" : "False";
  if (is_integer()) return std::to_string(integer());
  if (is_float()) return float_text(number());
  if (const Text* text = as_text())
    return text->markup ? concat("Markup(", string_repr(text->bytes), ')')
                        : string_repr(text->bytes);
  if (const Sequence* sequence = as_sequence()) return sequence_repr(*sequence);
  if (const Dict* dict = as_dict()) return dict_repr(*dict);
  return as_namespace() ? "<Namespace>" : "<function>";
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific)
          .ptr;
  const std::string_view scientific(buffer, static_cast<size_t>(end - buffer));
  const size_t e = scientific.find('e');
  std::string digits(scientific.substr(0, 1));
  if (e > 2) digits += scientific.substr(2, e - 2);
  int exponent = 0;
  const char* exponent_text = buffer + e + (scientific[e + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_text, end, exponent);

  std::string out = std::signbit(value) ? "-" : "";
  const auto count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (count > 1) out += concat('.', digits.substr(1));
    const std::string power = std::to_string(std::abs(exponent));
    return concat(out, exponent < 0 ? "e-" : "e+", power.size() < 2 ? "0" : "", power);
  }
  if (exponent < 0)
    return concat(out, "0.", std::string(static_cast<size_t>(-exponent - 1), '0'), digits);
  if (count <= exponent + 1)
    return concat(out, digits, std::string(static_cast<size_t>(exponent + 1 - count), '0'), ".0");
  const auto whole = static_cast<size_t>(exponent + 1);
  return concat(out, digits.substr(0, whole), '.', digits.substr(whole));
}

}  // namespace phi::text::jinja
