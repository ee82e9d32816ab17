/// Tokens to a tree, by Jinja2's grammar without inheritance, inclusion and import.
#ifndef PHI_TEXT_JINJA_JINJA_PARSER_H_
#define PHI_TEXT_JINJA_JINJA_PARSER_H_

#include <string_view>

#include "text/jinja/jinja_ast.h"

namespace phi::text::jinja {

/// Error{unsupported} with the line for whatever the grammar does not have.
Body parse_template(std::string_view source);

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_PARSER_H_
