/// How long a new process takes from opening a model to the first token of an answer, and what
/// memory it needs for a whole chat.
#ifndef PHI_CLI_OPENING_TEST_H_
#define PHI_CLI_OPENING_TEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "phi/types.h"
#include "process_memory.h"

namespace phi::cli {

inline constexpr uint32_t kOpeningPrompt = 16;  ///< tokens

/// One process's life. Plain bytes, since they come through a pipe.
struct Opening {
  double open_seconds = 0;         ///< Model::open
  double session_seconds = 0;      ///< the cache and the scratch, reserved and touched
  double first_token_seconds = 0;  ///< the prompt, and a token drawn after it
  uint32_t context = 0;
  uint64_t weight_bytes = 0, cache_bytes = 0;
  ProcessMemory memory;  ///< after a longer prompt and some tokens of an answer

  double seconds() const { return open_seconds + session_seconds + first_token_seconds; }

  /// The peak less weights and cache: what the program needs on top of what it was given. Mapped
  /// weights count as far as their pages are resident.
  uint64_t bytes_beyond() const;
};

/// Runs `repetitions` processes one after another, and one before them that brings the file into
/// the page cache and is not counted. Call it before anything starts a thread: each is a fork of
/// this process. Error as Model::open, Session and append give it.
std::vector<Opening> measure_opening(const std::string& path, const ModelOptions& model,
                                     const SessionOptions& session, uint32_t repetitions);

/// The one whose seconds() are the median.
const Opening& median_opening(std::vector<Opening>& openings);

}  // namespace phi::cli

#endif  // PHI_CLI_OPENING_TEST_H_
