/// Opening a model the way every command does it: with progress, Ctrl-C, a log under -v, and help
/// for a mistyped path.
#ifndef PHI_CLI_MODEL_OPENING_H_
#define PHI_CLI_MODEL_OPENING_H_

#include <string>

#include "options.h"
#include "phi/model.h"
#include "progress_bar.h"

namespace phi::cli {

/// options() of the flags, with the log under -v and `progress` for the load.
ModelOptions model_options(const ModelFlags& flags, Progress& progress);

Model open_model(const std::string& path, const ModelFlags& flags, Progress& progress);

/// The tokenizer alone: no weights are read.
Tokenizer open_tokenizer(const std::string& path);

/// Can the model's chats be rendered? The library has no question for it: rendering one message
/// tells.
bool has_chat_template(const Tokenizer& tokenizer);

/// A model that cannot chat is better refused before the first question: an Error that says what to
/// do instead.
void require_chat_template(const Model& model, const std::string& path);

/// Error{not_found} with a suggestion if nothing is at `path`.
void require_model_path(const std::string& path);

}  // namespace phi::cli

#endif  // PHI_CLI_MODEL_OPENING_H_
