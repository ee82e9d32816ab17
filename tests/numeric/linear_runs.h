/// Running a Linear in tests.
#ifndef PHI_NUMERIC_LINEAR_RUNS_H_
#define PHI_NUMERIC_LINEAR_RUNS_H_

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ops/linear.h"

namespace phi::test {

struct LinearRunner {
  explicit LinearRunner(int threads) : scope(threads) {}
  ThreadScope scope;
  std::atomic<bool> stop{false};
  RunContext run{scope, stop};
};

/// y [rows, out] of x [rows, in], with scratch for max_rows if that is more.
inline std::vector<float> prefill(const ops::Linear& linear, const std::vector<float>& x,
                                  int64_t rows, int threads, int64_t max_rows = 0,
                                  Precision precision = Precision::standard) {
  LinearRunner runner(threads);
  ops::LinearScratch scratch(std::max(rows, max_rows), linear.in_features(), threads);
  std::vector<float> y(static_cast<size_t>(rows * linear.out_features()), NAN);
  linear.prefill({x.data(), linear.in_features(), y.data(), linear.out_features(), rows, precision},
                 ops::Store::replace, scratch, runner.run);
  return y;
}

}  // namespace phi::test

#endif  // PHI_NUMERIC_LINEAR_RUNS_H_
