/// What Python's `str` can do, on UTF-8.
#ifndef PHI_TEXT_JINJA_JINJA_TEXT_H_
#define PHI_TEXT_JINJA_JINJA_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/jinja_value.h"

namespace phi::text::jinja {

enum class Side : int32_t { left, right, both };

/// str.strip: without any of the code points in `characters` at the ends; white space if that is
/// null.
std::string_view stripped(std::string_view text, const std::string* characters, Side side);

/// str.split and str.rsplit at a separator, at most `most` times (negative: always).
std::vector<std::string> split(std::string_view text, std::string_view separator, int64_t most);
std::vector<std::string> split_from_right(std::string_view text, std::string_view separator,
                                          int64_t most);
/// str.split without separator: the words between runs of white space.
std::vector<std::string> split_words(std::string_view text, int64_t most);
std::vector<std::string> split_lines(std::string_view text, bool keep_ends);

std::string replaced(std::string_view text, std::string_view from, std::string_view to,
                     int64_t most);
std::string capitalized(std::string_view text);
/// str.title: the first letter of every run of letters is a capital.
std::string titled(std::string_view text);
std::string html_escaped(std::string_view text);

/// `format % value` with %s, %r, %d, %i, %f, %x and %%.
std::string percent_format(std::string_view format, const Value& value);
/// str.format with {}, {0} and {name}.
std::string brace_format(std::string_view format, const Arguments& arguments);

/// How Python's white space differs from Unicode's: the four information separators belong to it.
bool is_python_space(char32_t code_point);

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_TEXT_H_
