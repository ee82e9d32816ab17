// phi bench: how fast a model runs here, beside how fast it could.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.h"
#include "format.h"
#include "model_cost.h"
#include "model_opening.h"
#include "roof.h"
#include "speed_test.h"
#include "terminal.h"

namespace phi::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Result {
  SpeedTest test;
  Speeds speeds;
};

/// What the results are compared with.
struct Limits {
  double read_bytes_per_second;
  bench::Peaks peaks;
  bench::ComputeRoof compute;
  bench::ModelCost cost;

  /// The part of the machine's limit that a test reached.
  double share(const SpeedTest& test, double tokens_per_second) const {
    if (test.phase == Phase::prefill) {
      return cost.prefill_operations(test.tokens) / test.tokens * tokens_per_second /
             compute.operations_per_second;
    }
    return cost.decode_bytes(test.depth + test.tokens / 2.0) * tokens_per_second /
           read_bytes_per_second;
  }
  const char* name(Phase phase) const { return phase == Phase::prefill ? compute.name : "memory"; }
};

struct Subject {
  std::string path;
  ModelInfo info;
  int threads;

  std::string label() const {
    return info.name.empty() ? std::filesystem::path(path).lexically_normal().filename().string()
                             : info.name;
  }
};

std::string table(const Subject& subject, const Limits& limits,
                  const std::vector<Result>& results) {
  std::string out =
      "| model | size | parameters | threads | test | tokens/s | mean ± sd | share of limit |\n"
      "|---|---:|---:|---:|---|---:|---:|---:|\n";
  for (const auto& [test, speeds] : results) {
    out += "| " + subject.label() + " | " + format_bytes(subject.info.weight_bytes) + " | " +
           format_count(subject.info.parameters) + " | " + std::to_string(subject.threads) + " | " +
           test.name() + " | " + format_fixed(speeds.median(), 2) + " | " +
           format_fixed(speeds.mean(), 2) + " ± " + format_fixed(speeds.deviation(), 2) + " | " +
           format_fixed(100 * limits.share(test, speeds.median()), 0) + " % " +
           limits.name(test.phase) + " |\n";
  }
  const auto peak = [](const char* name, const bench::Peak& rate) {
    if (rate.operations_per_second <= 0) return std::string();
    return std::string(", ") + name + " " + format_si(rate.operations_per_second, "op/s");
  };
  return out + "\nLimits measured beside the tests: memory " +
         format_si(limits.read_bytes_per_second, "B/s") + peak("int8", limits.peaks.int8) +
         peak("bf16", limits.peaks.bf16) + peak("f32", limits.peaks.f32) +
         ".\nA generated token reads " + format_si(limits.cost.weight_bytes, "B") +
         " of weights and " + format_si(limits.cost.cache_bytes_per_position, "B") +
         " of cache per position; a prompt token costs " +
         format_si(limits.cost.layer_operations, "op") + ".\ntokens/s is the median.\n";
}

std::string json(const Subject& subject, const Limits& limits, const std::vector<Result>& results) {
  Json document = {{"model", subject.path},
                   {"name", subject.info.name},
                   {"architecture", subject.info.architecture},
                   {"parameters", subject.info.parameters},
                   {"weight_bytes", subject.info.weight_bytes},
                   {"threads", subject.threads},
                   {"limits",
                    {{"read_bytes_per_second", limits.read_bytes_per_second},
                     {"int8_ops_per_second", limits.peaks.int8.operations_per_second},
                     {"bf16_ops_per_second", limits.peaks.bf16.operations_per_second},
                     {"f32_ops_per_second", limits.peaks.f32.operations_per_second}}},
                   {"cost",
                    {{"weight_bytes_per_token", limits.cost.weight_bytes},
                     {"cache_bytes_per_position", limits.cost.cache_bytes_per_position},
                     {"layer_ops_per_token", limits.cost.layer_operations},
                     {"output_ops", limits.cost.output_operations}}},
                   {"results", Json::array()}};
  for (const auto& [test, speeds] : results) {
    document["results"].push_back({{"test", test.name()},
                                   {"phase", test.phase == Phase::prefill ? "prefill" : "decode"},
                                   {"tokens", test.tokens},
                                   {"depth", test.depth},
                                   {"tokens_per_second", speeds.median()},
                                   {"mean", speeds.mean()},
                                   {"deviation", speeds.deviation()},
                                   {"samples", speeds.samples},
                                   {"limit", limits.name(test.phase)},
                                   {"share_of_limit", limits.share(test, speeds.median())}});
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

class BenchCommand final : public Command {
 public:
  explicit BenchCommand(CLI::App& app) : operands_(app), model_flags_(app) {
    const auto add = [&](const char* flag, auto& value, const char* help) {
      return app.add_option(flag, value, help)
          ->delimiter(',')
          ->allow_extra_args(false)
          ->type_name("N,...")
          ->capture_default_str();
    };
    add("-p,--prompt", prompts_, "Lengths of prompts to read; 0 for none");
    add("-n,--generate", generated_, "Numbers of tokens to generate; 0 for none");
    add("-d,--depth", depths_, "Positions in the cache before each test");
    app.add_option("-r,--repetitions", repetitions_, "Runs of each test")
        ->check(CLI::Range(1, 1000).description(""))
        ->type_name("N")
        ->capture_default_str();
    add_kv_flag(app, kv_);
    add_precision_flag(app, fast_);
    app.add_flag("--json", json_, "Machine-readable output");
    app.footer(
        "Shares: prefill counts the matrix products against the peak rate of the weights' type, "
        "decode counts the bytes read\n"
        "against the memory bandwidth. Both limits are measured here, the bandwidth before and "
        "after the tests.\n"
        "Example: phi bench phi-4.gguf -p 128,512 -n 32 -d 0,4096 -r 5");
  }

  int run() override {
    const std::vector<SpeedTest> tests = planned_tests();
    Progress progress(model_flags_.verbosity());
    const Model model = open_model(operands_.model(), model_flags_, progress);
    const int threads = model_flags_.threads > 0 ? model_flags_.threads : bench::default_threads();
    const Subject subject = {operands_.model(), model.info(), threads};

    const bench::Peaks peaks = bench::measure_peaks(threads);
    const double bandwidth_before = bench::measure_read_bandwidth(threads);
    const std::vector<Result> results = measure(model, tests, threads, progress);
    const double bandwidth = std::max(bandwidth_before, bench::measure_read_bandwidth(threads));

    const Limits limits = {bandwidth, peaks, bench::compute_roof(subject.info, peaks),
                           bench::model_cost(subject.info, kv_)};
    write_output((json_ ? json : table)(subject, limits, results));
    return kSuccess;
  }

 private:
  std::vector<Result> measure(const Model& model, const std::vector<SpeedTest>& tests, int threads,
                              Progress& progress) const {
    SessionOptions options;
    options.context = needed_context(tests);
    options.kv = kv_;
    options.precision = fast_ ? Precision::fast : Precision::standard;
    options.threads = threads;
    options.keep_going = progress.callback();
    options.sampling.ignore_end = true;
    Session session(model, options);
    const CancelOnInterrupt cancel(session);

    SpeedTester tester(session, model.info().vocab_size, progress);
    tester.warm_up();
    std::vector<Result> results;
    for (const SpeedTest& test : tests) results.push_back({test, tester.run(test, repetitions_)});
    return results;
  }

  /// All lengths at the first depth, then at the next one.
  std::vector<SpeedTest> planned_tests() const {
    std::vector<uint32_t> depths = depths_;
    std::sort(depths.begin(), depths.end());
    std::vector<SpeedTest> tests;
    for (const uint32_t depth : depths) {
      for (const uint32_t tokens : prompts_) tests.push_back({Phase::prefill, tokens, depth});
      for (const uint32_t tokens : generated_) tests.push_back({Phase::decode, tokens, depth});
    }
    std::erase_if(tests, [](const SpeedTest& test) { return test.tokens == 0; });
    if (tests.empty()) throw UsageError("nothing to measure: -p and -n are both 0");
    return tests;
  }

  Operands operands_;
  ModelFlags model_flags_;
  std::vector<uint32_t> prompts_ = {512}, generated_ = {32}, depths_ = {0};
  uint32_t repetitions_ = 3;
  Kv kv_ = Kv::bf16;
  bool fast_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_bench_command(CLI::App& app) {
  return std::make_unique<BenchCommand>(app);
}

}  // namespace phi::cli
