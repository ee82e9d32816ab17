/// The chat formats of the known families, for models that carry no template of their own.
#ifndef PHI_TEXT_CHAT_FORMATS_H_
#define PHI_TEXT_CHAT_FORMATS_H_

#include <string_view>

namespace phi::text {

/// A Jinja template, or empty for an unknown family (see family_of).
std::string_view built_in_chat_format(std::string_view family);

}  // namespace phi::text

#endif  // PHI_TEXT_CHAT_FORMATS_H_
