/// Control token ids as config files give them. Files name ids that their vocabulary does not have
/// (-1 for "none", or leftovers of a larger vocabulary); such ids can never be produced and count
/// as missing.
#ifndef PHI_WEIGHTS_CONFIG_TOKENS_H_
#define PHI_WEIGHTS_CONFIG_TOKENS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "phi/types.h"

namespace phi::weights {

/// The id as a Token, or -1 when the vocabulary does not have it.
inline Token token_or_none(uint64_t id, uint32_t vocab_size) {
  return id < vocab_size && id <= INT32_MAX ? static_cast<Token>(id) : -1;
}

/// Appends the id unless the vocabulary does not have it or the list does already.
inline void add_token(std::vector<Token>& tokens, uint64_t id, uint32_t vocab_size) {
  const Token token = token_or_none(id, vocab_size);
  if (token >= 0 && std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(token);
}

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_CONFIG_TOKENS_H_
