/// Measuring how fast a session reads prompts and generates tokens, without the cost of sampling or
/// of text.
#ifndef PHI_CLI_SPEED_TEST_H_
#define PHI_CLI_SPEED_TEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "machine_limits.h"
#include "phi/session.h"
#include "progress_bar.h"

namespace phi::cli {

/// A prompt with the logits of its last token; a few rows with the logits of all, as a pass that
/// verifies drafts has them; tokens one by one.
enum class Phase { prefill, rows, decode };

struct SpeedTest {
  Phase phase;
  uint32_t tokens;
  uint32_t depth;  ///< positions that are in the cache before

  /// "pp512", "tg32 @ d4096": as llama-bench names them; "rows4"
  std::string name() const;
};

double median_of(std::vector<double> values);  ///< not empty

/// Tokens per second of every repetition, and the memory's speed around it.
struct Speeds {
  std::vector<double> samples;
  std::vector<bench::MemorySpeed> memory;

  double median() const;
  double mean() const;
  double deviation() const;  ///< standard deviation of a sample; 0 for a single one
  double seconds(const SpeedTest& test) const;  ///< of its `tokens`, at the median
};

/// Positions that a session needs for all tests.
uint32_t needed_context(const std::vector<SpeedTest>& tests);

/// Runs tests on one session, which it fills with arbitrary tokens. Tests should come with rising
/// depth: what is in the cache is kept.
class SpeedTester {
 public:
  SpeedTester(Session& session, uint32_t vocab_size, Progress& progress);

  /// Touches weights and code once, so that the first test finds them as warm as the others.
  void warm_up();
  Speeds run(const SpeedTest& test, uint32_t repetitions, const bench::MemoryProbe& probe);

 private:
  void fill(uint32_t depth);
  double seconds_of(const SpeedTest& test);
  double time_prefill(uint32_t tokens);
  double time_rows(uint32_t rows);
  double time_decode(uint32_t tokens);
  std::vector<Token> some_tokens(uint32_t count);

  Session& session_;
  uint32_t vocab_size_;
  Progress& progress_;
  uint64_t random_state_ = 1;
};

}  // namespace phi::cli

#endif  // PHI_CLI_SPEED_TEST_H_
