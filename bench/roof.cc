#include "roof.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/cpu.h"
#include "roof_kernels.h"

namespace phi::bench {

namespace {

constexpr int kBandwidthPasses = 8;
constexpr int kPeakPasses = 15;
constexpr double kPeakSeconds =
    0.01;  // of one pass; short, so that some pass of each thread runs undisturbed

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Interval {
  double begin, end;
  double seconds() const { return end - begin; }
};

/// Runs body(thread) on `threads` threads that start together, and says when each one ran.
std::vector<Interval> run_together(int threads, const std::function<void(int)>& body) {
  std::barrier start(threads);
  std::vector<Interval> intervals(static_cast<size_t>(threads));
  std::vector<std::jthread> team;
  for (int thread = 0; thread < threads; ++thread) {
    team.emplace_back([&, thread] {
      start.arrive_and_wait();
      const double begin = now();
      body(thread);
      intervals[static_cast<size_t>(thread)] = {begin, now()};
    });
  }
  team.clear();  // joins
  return intervals;
}

/// From the first begin to the last end.
double span_seconds(const std::vector<Interval>& intervals) {
  double begin = intervals.front().begin, end = intervals.front().end;
  for (const Interval& interval : intervals) {
    begin = std::min(begin, interval.begin);
    end = std::max(end, interval.end);
  }
  return end - begin;
}

/// Sum of the 64-bit words of [begin, end), prefetching ahead of the hardware, which stops at page
/// boundaries.
uint64_t read_stream(const uint64_t* begin, const uint64_t* end) {
  constexpr int kWordsPerStep = 16;  // two cache lines
  constexpr int64_t kAheadWords = 256;
  uint64_t sums[kWordsPerStep] = {};
  for (const uint64_t* at = begin; at + kWordsPerStep <= end; at += kWordsPerStep) {
    __builtin_prefetch(at + kAheadWords);
    __builtin_prefetch(at + kAheadWords + kWordsPerStep / 2);
    for (int i = 0; i < kWordsPerStep; ++i) sums[i] += at[i];
  }
  uint64_t total = 0;
  for (const uint64_t sum : sums) total += sum;
  return total;
}

/// The threads' best rates added up: cores do not slow each other's arithmetic, so what a busy
/// neighbour takes from one thread in one pass is no property of the machine.
Peak measure(const PeakKernel& kernel, int threads) {
  if (kernel.loop == nullptr) return {};
  const auto run = [&](int64_t rounds) {
    return run_together(threads, [&](int) { kernel.loop(rounds); });
  };
  int64_t rounds = 1 << 12;
  while (span_seconds(run(rounds)) < kPeakSeconds) rounds *= 2;

  std::vector<double> best(static_cast<size_t>(threads), 1e30);
  for (int pass = 0; pass < kPeakPasses; ++pass) {
    const std::vector<Interval> intervals = run(rounds);
    for (size_t i = 0; i < best.size(); ++i) best[i] = std::min(best[i], intervals[i].seconds());
  }
  Peak peak = {0, kernel.instructions};
  for (const double seconds : best)
    peak.operations_per_second +=
        kernel.operations_per_round * static_cast<double>(rounds) / seconds;
  return peak;
}

}  // namespace

int default_threads() { return usable_cores(); }

double measure_read_bandwidth(int threads, std::span<const std::byte> memory) {
  const auto* words = reinterpret_cast<const uint64_t*>(memory.data());
  const uint64_t words_per_thread =
      memory.size() / sizeof(uint64_t) / static_cast<uint64_t>(threads);
  std::vector<uint64_t> sums(static_cast<size_t>(threads));
  double best = 1e30;
  for (int pass = 0; pass < kBandwidthPasses; ++pass) {
    const std::vector<Interval> intervals = run_together(threads, [&](int thread) {
      const uint64_t* begin = words + words_per_thread * static_cast<uint64_t>(thread);
      sums[static_cast<size_t>(thread)] = read_stream(begin, begin + words_per_thread);
    });
    best = std::min(best, span_seconds(intervals));
  }
  return static_cast<double>(words_per_thread * sizeof(uint64_t)) * threads / best;
}

double measure_read_bandwidth(int threads, uint64_t bytes) {
  return wait_for_read_bandwidth(threads, 0, 0, bytes);
}

double wait_for_read_bandwidth(int threads, double wanted, double patience, uint64_t bytes) {
  AlignedBuffer block(bytes, "block of the bandwidth measurement");
  // Each thread makes its own part resident, as a real program's memory is before it is read.
  const uint64_t part = bytes / static_cast<uint64_t>(threads);
  run_together(threads, [&](int thread) {
    std::fill_n(block.data() + part * static_cast<uint64_t>(thread), part, std::byte{1});
  });
  const double deadline = now() + patience;
  while (true) {
    const double bandwidth =
        measure_read_bandwidth(threads, std::span<const std::byte>(block.data(), bytes));
    if (bandwidth >= wanted || now() >= deadline) return bandwidth;
  }
}

Peaks measure_peaks(int threads) {
  return {measure(best_int8_kernel(), threads), measure(best_bf16_kernel(), threads),
          measure(best_f32_kernel(), threads)};
}

}  // namespace phi::bench
