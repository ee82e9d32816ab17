#include "text/jinja/jinja_text.h"

#include <algorithm>
#include <charconv>

#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

bool may_split(int64_t most, size_t parts) {
  return most < 0 || parts < static_cast<uint64_t>(most);
}

std::string fixed(double value, int precision) {
  char buffer[512];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, precision);
  if (error != std::errc()) refuse("a number is too long to format");
  return {buffer, end};
}

std::string hexadecimal(int64_t value) {
  char buffer[24];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, 16).ptr};
}

/// One conversion of percent_format: its letter, and digits behind a point.
std::string converted(char letter, int precision, const Value& value) {
  switch (letter) {
    case 's':
      return value.str();
    case 'r':
      return value.repr();
    case 'd':
    case 'i':
      return std::to_string(value.is_float()
                                ? static_cast<int64_t>(std::clamp(value.number(), -0x1p62, 0x1p62))
                                : value.integer());
    case 'f':
      return fixed(value.number(), precision < 0 ? 6 : precision);
    case 'x':
      return hexadecimal(value.integer());
    default:
      refuse("unsupported format character '", letter, "'");
  }
}

}  // namespace

bool is_python_space(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

std::string_view stripped(std::string_view text, const std::string* characters, Side side) {
  const auto goes = [&](std::string_view at, const CodePoint& c) {
    if (!characters) return is_python_space(c.value);
    return characters->find(at.substr(0, c.bytes)) != std::string::npos;
  };
  while (side != Side::right && !text.empty()) {
    const CodePoint first = first_code_point(text);
    if (!goes(text, first)) break;
    text.remove_prefix(first.bytes);
  }
  while (side != Side::left && !text.empty()) {
    const CodePoint last = last_code_point(text);
    if (!goes(text.substr(text.size() - last.bytes), last)) break;
    text.remove_suffix(last.bytes);
  }
  return text;
}

std::vector<std::string> split(std::string_view text, std::string_view separator, int64_t most) {
  if (separator.empty()) refuse("empty separator");
  std::vector<std::string> parts;
  for (size_t at = text.find(separator); at != text.npos && may_split(most, parts.size());
       at = text.find(separator)) {
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  parts.emplace_back(text);
  return parts;
}

std::vector<std::string> split_from_right(std::string_view text, std::string_view separator,
                                          int64_t most) {
  if (separator.empty()) refuse("empty separator");
  std::vector<std::string> parts;
  for (size_t at = text.rfind(separator); at != text.npos && may_split(most, parts.size());
       at = text.rfind(separator)) {
    parts.emplace_back(text.substr(at + separator.size()));
    text = text.substr(0, at);
  }
  parts.emplace_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> split_words(std::string_view text, int64_t most) {
  std::vector<std::string> words;
  for (text = stripped(text, nullptr, Side::left); !text.empty();
       text = stripped(text, nullptr, Side::left)) {
    if (!may_split(most, words.size())) {
      words.emplace_back(text);
      break;
    }
    size_t end = 0;
    while (end < text.size() && !is_python_space(first_code_point(text.substr(end)).value))
      end += first_code_point(text.substr(end)).bytes;
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::vector<std::string> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = first_code_point(text.substr(at));
    const bool ends = (c.value >= 0x0A && c.value <= 0x0D) ||
                      (c.value >= 0x1C && c.value <= 0x1E) || c.value == 0x85 ||
                      c.value == 0x2028 || c.value == 0x2029;
    const size_t line_end = at;
    at += c.bytes;
    if (!ends) continue;
    if (c.value == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.emplace_back(text.substr(begin, (keep_ends ? at : line_end) - begin));
    begin = at;
  }
  if (begin < text.size()) lines.emplace_back(text.substr(begin));
  return lines;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to,
                     int64_t most) {
  std::string out;
  size_t done = 0;
  if (from.empty()) {
    while (may_split(most, done++)) {
      out += to;
      if (text.empty()) return out;
      const size_t bytes = first_code_point(text).bytes;
      out += text.substr(0, bytes);
      text.remove_prefix(bytes);
    }
    return out += text;
  }
  for (size_t at = text.find(from); at != text.npos && may_split(most, done);
       at = text.find(from), ++done) {
    out += text.substr(0, at);
    out += to;
    if (out.size() > kMaxTextBytes) refuse("a text is too long");
    text.remove_prefix(at + from.size());
  }
  return out += text;
}

std::string capitalized(std::string_view text) {
  if (text.empty()) return {};
  const size_t first = first_code_point(text).bytes;
  return to_upper(text.substr(0, first)) + to_lower(text.substr(first));
}

std::string titled(std::string_view text) {
  std::string out;
  bool in_word = false;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    const std::string_view letter = text.substr(0, c.bytes);
    out += in_word ? to_lower(letter) : to_upper(letter);
    in_word = is_letter(c.value);
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string percent_format(std::string_view format, const Value& value) {
  const Sequence* tuple = value.as_sequence();
  const bool several = tuple && tuple->type == SequenceType::tuple;
  const std::vector<Value> values = several ? tuple->elements : std::vector<Value>{value};
  size_t used = 0;
  std::string out;
  while (true) {
    const size_t at = std::min(format.find('%'), format.size());
    out += format.substr(0, at);
    format.remove_prefix(at);
    if (format.empty()) break;
    format.remove_prefix(1);
    int precision = -1;
    if (format.starts_with('.')) {
      const auto [end, error] =
          std::from_chars(format.data() + 1, format.data() + format.size(), precision);
      if (error != std::errc() || precision > 100) refuse("a format is not supported");
      format.remove_prefix(static_cast<size_t>(end - format.data()));
    }
    if (format.empty()) refuse("incomplete format");
    if (format[0] == '%') {
      out += '%';
    } else {
      if (used >= values.size()) refuse("not enough arguments for format string");
      out += converted(format[0], precision, values[used++]);
    }
    format.remove_prefix(1);
  }
  const bool mapping = values.size() == 1 && values[0].as_dict();
  if (used < values.size() && !mapping)
    refuse("not all arguments converted during string formatting");
  return out;
}

std::string brace_format(std::string_view format, const Arguments& arguments) {
  std::string out;
  size_t next = 0;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if ((c == '{' || c == '}') && i + 1 < format.size() && format[i + 1] == c) {
      out += c;
      ++i;
    } else if (c == '{') {
      const size_t end = format.find('}', i);
      if (end == format.npos) refuse("a format has no '}'");
      const std::string_view field = format.substr(i + 1, end - i - 1);
      size_t index = next;
      const auto [parsed, error] =
          std::from_chars(field.data(), field.data() + field.size(), index);
      const bool numbered = error == std::errc() && parsed == field.data() + field.size();
      if (field.empty() || numbered) {
        if (field.empty()) index = next++;
        if (index >= arguments.positional.size()) refuse("a format wants more arguments");
        out += arguments.positional[index].str();
      } else {
        const auto named = std::find_if(arguments.named.begin(), arguments.named.end(),
                                        [&](const auto& a) { return a.first == field; });
        if (named == arguments.named.end())
          refuse("format field '", printable(field), "' is not supported");
        out += named->second.str();
      }
      i = end;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace phi::text::jinja
