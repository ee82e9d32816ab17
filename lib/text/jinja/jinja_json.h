/// Values as JSON text: Python's json.dumps.
#ifndef PHI_TEXT_JINJA_JINJA_JSON_H_
#define PHI_TEXT_JINJA_JINJA_JSON_H_

#include <optional>
#include <string>

#include "text/jinja/jinja_value.h"

namespace phi::text::jinja {

struct JsonStyle {
  bool ensure_ascii = false;  ///< as transformers sets it
  bool sort_keys = false;
  std::optional<std::string> indent;  ///< one level of it; none: all in one line
  std::string item_separator = ", ", key_separator = ": ";
};

/// Error{invalid_argument} for values that JSON does not have.
std::string json_text(const Value& value, const JsonStyle& style);

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_JSON_H_
