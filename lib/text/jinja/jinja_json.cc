#include "text/jinja/jinja_json.h"

#include <algorithm>
#include <cmath>

#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

class Writer {
 public:
  explicit Writer(const JsonStyle& style) : style_(style) {}

  void write(const Value& value) {
    if (out_.size() > kMaxTextBytes) refuse("a JSON text is too long");
    if (value.is_none()) {
      out_ += "null";
    } else if (value.is_bool()) {
      out_ += value.truth() ? "true" : "false";
    } else if (value.is_integer()) {
      out_ += std::to_string(value.integer());
    } else if (value.is_float()) {
      write_float(value.number());
    } else if (value.is_string()) {
      write_string(value.string());
    } else if (const Dict* dict = value.as_dict()) {
      write_dict(*dict);
    } else if (const Sequence* sequence = value.as_sequence();
               sequence && sequence->type <= SequenceType::tuple) {
      write_list(*sequence);
    } else {
      refuse("object of type ", value.type_name(), " is not JSON serializable");
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void new_line() {
    if (!style_.indent) return;
    out_ += '\n';
    for (int i = 0; i < level_; ++i) out_ += *style_.indent;
  }

  void write_float(double value) {
    if (std::isnan(value)) {
      out_ += "NaN";
    } else if (std::isinf(value)) {
      out_ += value < 0 ? "-Infinity" : "Infinity";
    } else {
      out_ += float_text(value);
    }
  }

  void write_escape(char32_t unit) {
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += "0123456789abcdef"[unit >> shift & 15];
  }

  void write_string(std::string_view text) {
    out_ += '"';
    for (; !text.empty(); text.remove_prefix(first_code_point(text).bytes)) {
      const CodePoint c = first_code_point(text);
      constexpr std::string_view kSpecial = "\"\\\n\r\t\f\b", kLetters = "\"\\nrtfb";
      const size_t special =
          c.value < 0x80 ? kSpecial.find(static_cast<char>(c.value)) : std::string_view::npos;
      if (special != std::string_view::npos) {
        out_ += '\\';
        out_ += kLetters[special];
      } else if (c.value < 0x20 || (style_.ensure_ascii && c.value >= 0x80 && c.value < 0x10000)) {
        write_escape(c.value);
      } else if (style_.ensure_ascii && c.value >= 0x10000) {
        write_escape(0xD800 + ((c.value - 0x10000) >> 10));
        write_escape(0xDC00 + ((c.value - 0x10000) & 0x3FF));
      } else {
        out_ += text.substr(0, c.bytes);
      }
    }
    out_ += '"';
  }

  void write_key(const Value& key) {
    if (key.is_string()) return write_string(key.string());
    if (!key.is_none() && !key.is_number())
      refuse("keys must be strings or numbers, not ", key.type_name());
    out_ += '"';
    write(key);
    out_ += '"';
  }

  void write_list(const Sequence& list) {
    if (list.elements.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    ++level_;
    for (size_t i = 0; i < list.elements.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line();
      write(list.elements[i]);
    }
    --level_;
    new_line();
    out_ += ']';
  }

  void write_dict(const Dict& dict) {
    if (dict.members.empty()) {
      out_ += "{}";
      return;
    }
    std::vector<const std::pair<Value, Value>*> members;
    for (const auto& member : dict.members) members.push_back(&member);
    if (style_.sort_keys) {
      std::stable_sort(members.begin(), members.end(),
                       [](const auto* a, const auto* b) { return a->first.compare(b->first) < 0; });
    }
    out_ += '{';
    ++level_;
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line();
      write_key(members[i]->first);
      out_ += style_.key_separator;
      write(members[i]->second);
    }
    --level_;
    new_line();
    out_ += '}';
  }

  const JsonStyle& style_;
  std::string out_;
  int level_ = 0;
};

}  // namespace

std::string json_text(const Value& value, const JsonStyle& style) {
  Writer writer(style);
  writer.write(value);
  return writer.take();
}

}  // namespace phi::text::jinja
