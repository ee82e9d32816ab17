/// What `phi bench` found, as a table for people and as JSON for programs.
#ifndef PHI_CLI_BENCH_REPORT_H_
#define PHI_CLI_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "machine_limits.h"
#include "model_cost.h"
#include "opening_test.h"
#include "phi/types.h"
#include "speed_test.h"

namespace phi::cli {

struct BenchResult {
  SpeedTest test;
  Speeds speeds;
};

struct BenchReport {
  std::string path;
  ModelInfo info;
  int threads;
  Kv kv;
  uint32_t context;      ///< of the session that ran the tests
  bench::Peaks peaks;    ///< measured before and after them
  ProcessMemory memory;  ///< when model and session were warm
  std::vector<BenchResult> results;
  std::vector<Opening> openings;  ///< empty if not asked for
};

/// Markdown.
std::string bench_table(const BenchReport& report);
std::string bench_json(const BenchReport& report);

}  // namespace phi::cli

#endif  // PHI_CLI_BENCH_REPORT_H_
