/// The file tokenizer.json of Hugging Face `tokenizers`: https://huggingface.co/docs/tokenizers
#ifndef PHI_TEXT_TOKENIZER_JSON_H_
#define PHI_TEXT_TOKENIZER_JSON_H_

#include <string>

#include "io/json.h"
#include "text/tokenizer_spec.h"

namespace phi::text {

/// Everything that the file says; chat template, end tokens and family are left to the caller.
/// `source` names the file in errors. Error{bad_format}; Error{unsupported} names the part that
/// this library does not know.
TokenizerSpec parse_tokenizer_json(const io::Json& json, const std::string& source);

/// One added token as tokenizer.json and tokenizer_config.json describe it. `id` is set by the
/// caller.
AddedToken parse_added_token(const io::Json& json, const std::string& what);

/// `id` if it can be one; Error{bad_format} names `what`.
Token checked_token_id(int64_t id, const std::string& what);

}  // namespace phi::text

#endif  // PHI_TEXT_TOKENIZER_JSON_H_
