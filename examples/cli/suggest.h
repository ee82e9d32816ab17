/// "Did you mean ...?" for mistyped commands and paths.
#ifndef PHI_CLI_SUGGEST_H_
#define PHI_CLI_SUGGEST_H_

#include <optional>
#include <span>
#include <string>

namespace phi::cli {

/// The candidate that takes the fewest edits to become `word`, if those are few enough to be a
/// slip.
std::optional<std::string> closest(const std::string& word,
                                   std::span<const std::string> candidates);

/// What to add to the message about a model path that is not there; begins with "; ".
std::string missing_model_hint(const std::string& path);

}  // namespace phi::cli

#endif  // PHI_CLI_SUGGEST_H_
