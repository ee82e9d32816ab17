/// What control tokens tell about a model: its family, and which of them end a reply.
#ifndef PHI_TEXT_MODEL_FAMILY_H_
#define PHI_TEXT_MODEL_FAMILY_H_

#include <string>

#include "text/tokenizer_spec.h"

namespace phi::text {

/// "phi4", "phi4-mini", "phi3", "qwen2", "llama3", or empty: by the control tokens of its chats.
std::string family_of(const TokenizerSpec& spec);

/// Adds `token` to spec.end unless it is there.
void add_end_token(TokenizerSpec& spec, Token token);

/// Adds the control tokens whose names say that they end a reply or a text: many files name only
/// one of several.
void add_usual_end_tokens(TokenizerSpec& spec);

}  // namespace phi::text

#endif  // PHI_TEXT_MODEL_FAMILY_H_
