#include "speed_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "generation.h"

namespace phi::cli {

namespace {

constexpr double kSecondsOfRows = 0.2;  // at least, of one sample: a single pass may be short

const char* prefix(Phase phase) {
  switch (phase) {
    case Phase::prefill:
      return "pp";
    case Phase::rows:
      return "rows";
    case Phase::decode:
      return "tg";
  }
  return "";
}

}  // namespace

std::string SpeedTest::name() const {
  const std::string base = prefix(phase) + std::to_string(tokens);
  return depth == 0 ? base : base + " @ d" + std::to_string(depth);
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double Speeds::median() const { return median_of(samples); }

double Speeds::mean() const {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

double Speeds::deviation() const {
  if (samples.size() < 2) return 0;
  const double center = mean();
  double squares = 0;
  for (const double sample : samples) squares += (sample - center) * (sample - center);
  return std::sqrt(squares / static_cast<double>(samples.size() - 1));
}

double Speeds::seconds(const SpeedTest& test) const { return test.tokens / median(); }

uint32_t needed_context(const std::vector<SpeedTest>& tests) {
  uint32_t context = 1;
  // Decoding begins after a prompt of at least one token, and its first token comes before the
  // clock starts.
  for (const SpeedTest& test : tests) context = std::max(context, test.depth + test.tokens + 2);
  return context;
}

SpeedTester::SpeedTester(Session& session, uint32_t vocab_size, Progress& progress)
    : session_(session), vocab_size_(vocab_size), progress_(progress) {}

void SpeedTester::warm_up() {
  progress_.begin("warming up");
  session_.append(some_tokens(std::min(session_.context() - 1, 16u)));
  session_.next();
  session_.rewind(0);
  progress_.finish();
}

Speeds SpeedTester::run(const SpeedTest& test, uint32_t repetitions,
                        const bench::MemoryProbe& probe) {
  Speeds speeds;
  for (uint32_t repetition = 1; repetition <= repetitions; ++repetition) {
    progress_.begin("filling the cache");
    fill(test.depth);
    progress_.begin(test.name() + ", run " + std::to_string(repetition) + " of " +
                    std::to_string(repetitions));
    const bench::MemorySpeed before = probe.measure();
    speeds.samples.push_back(test.tokens / std::max(seconds_of(test), 1e-9));
    speeds.memory.push_back(mean_of(before, probe.measure()));
  }
  progress_.finish();
  return speeds;
}

void SpeedTester::fill(uint32_t depth) {
  if (session_.position() > depth) session_.rewind(depth);
  if (session_.position() < depth) session_.append(some_tokens(depth - session_.position()));
}

double SpeedTester::seconds_of(const SpeedTest& test) {
  switch (test.phase) {
    case Phase::prefill:
      return time_prefill(test.tokens);
    case Phase::rows:
      return time_rows(test.tokens);
    case Phase::decode:
      return time_decode(test.tokens);
  }
  return 0;
}

double SpeedTester::time_prefill(uint32_t tokens) {
  const std::vector<Token> prompt = some_tokens(tokens);
  const Stopwatch watch;
  session_.append(prompt);
  return watch.seconds();
}

double SpeedTester::time_rows(uint32_t rows) {
  const uint32_t depth = session_.position();
  const std::vector<Token> tokens = some_tokens(rows);
  std::vector<float> logits(size_t{rows} * vocab_size_);
  const Stopwatch watch;
  uint32_t passes = 0;
  do {
    session_.rewind(depth);
    session_.append_logits(tokens, logits);
    ++passes;
  } while (watch.seconds() < kSecondsOfRows);
  return watch.seconds() / passes;
}

double SpeedTester::time_decode(uint32_t tokens) {
  if (session_.position() == 0) session_.append(some_tokens(1));
  session_.next();  // needs no pass, or one that belongs to the prompt: each of the following costs
                    // exactly one
  const Stopwatch watch;
  for (uint32_t i = 0; i < tokens; ++i) {
    session_.next();
    progress_.report(static_cast<double>(i + 1) / tokens);
  }
  return watch.seconds();
}

std::vector<Token> SpeedTester::some_tokens(uint32_t count) {
  std::vector<Token> tokens(count);
  for (Token& token : tokens) {
    random_state_ = random_state_ * 6364136223846793005u + 1442695040888963407u;
    token = static_cast<Token>((random_state_ >> 33) % vocab_size_);
  }
  return tokens;
}

}  // namespace phi::cli
