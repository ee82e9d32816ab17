/// phi-nano, the small model that comes with the library: what `phi chat` opens when no model is
/// named.
#ifndef PHI_CLI_DEFAULT_MODEL_H_
#define PHI_CLI_DEFAULT_MODEL_H_

#include <string>

namespace phi::cli {

/// The packed file of phi-nano, beside an installed program or in the checkout of a built one.
/// UsageError that asks for a model if it is in neither place.
std::string default_model();

}  // namespace phi::cli

#endif  // PHI_CLI_DEFAULT_MODEL_H_
