// phi bench: how fast a model runs here, beside how fast it could.

#include <algorithm>
#include <string>
#include <vector>

#include "bench_report.h"
#include "command.h"
#include "model_opening.h"
#include "opening_test.h"
#include "speed_test.h"
#include "terminal.h"

namespace phi::cli {
namespace {

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
    add("-b,--rows", rows_,
        "Tokens in one pass with the logits of all, as drafts are verified; 0 for none");
    add("-n,--generate", generated_, "Numbers of tokens to generate; 0 for none");
    add("-d,--depth", depths_, "Positions in the cache before each test");
    app.add_flag("--open", opening_,
                 "Also time new processes from opening the model to a first token, and show the "
                 "memory that they need");
    app.add_option("-r,--repetitions", repetitions_, "Runs of each test")
        ->check(CLI::Range(1, 1000).description(""))
        ->type_name("N")
        ->capture_default_str();
    add_kv_flag(app, kv_);
    add_precision_flag(app, fast_);
    app.add_flag("--json", json_, "Machine-readable output, with every run of every test");
    app.footer(
        "A share compares a test's time with the shortest possible: that of its arithmetic at the "
        "peak rate of the weights' type,\n"
        "or of reading weights and cache at the memory's speed, whichever is longer. Both are "
        "measured here, the memory around every run.\n"
        "Example: phi bench phi-4.gguf -p 128,512 -b 4,8 -n 32 -d 0,4096 -r 5 --open");
  }

  int run() override {
    const std::vector<SpeedTest> tests = planned_tests();
    Progress progress(model_flags_.verbosity());
    BenchReport report = {};
    report.path = operands_.model();
    report.kv = kv_;
    report.threads = model_flags_.threads > 0 ? model_flags_.threads : bench::default_threads();
    if (opening_) report.openings = measured_openings(report, progress);

    const Model model = open_model(report.path, model_flags_, progress);
    report.info = model.info();
    if (!tests.empty()) measure(model, tests, report, progress);
    write_output((json_ ? bench_json : bench_table)(report));
    return kSuccess;
  }

 private:
  SessionOptions session_options(const BenchReport& report) const {
    SessionOptions options;
    options.kv = kv_;
    options.precision = fast_ ? Precision::fast : Precision::standard;
    model_flags_.set_threads(options);
    options.threads = report.threads;
    return options;
  }

  std::vector<Opening> measured_openings(const BenchReport& report, Progress& progress) const {
    require_model_path(report.path);
    const SessionOptions options = session_options(report);
    progress.begin("opening in new processes");
    std::vector<Opening> openings =
        measure_opening(report.path, model_flags_.options(), options, repetitions_);
    progress.finish();
    return openings;
  }

  void measure(const Model& model, const std::vector<SpeedTest>& tests, BenchReport& report,
               Progress& progress) const {
    SessionOptions options = session_options(report);
    options.context = report.context = needed_context(tests);
    options.keep_going = progress.callback();
    options.sampling.ignore_end = true;
    Session session(model, options);
    const CancelOnInterrupt cancel(session);

    SpeedTester tester(session, model.info().vocab_size, progress);
    tester.warm_up();
    report.memory = process_memory(report.path);  // before the probe maps the file too
    const bench::MemoryProbe probe(report.path, report.threads);
    const bench::Peaks before = bench::measure_peaks(report.threads);
    for (const SpeedTest& test : tests)
      report.results.push_back({test, tester.run(test, repetitions_, probe)});
    report.peaks = best_of(before, bench::measure_peaks(report.threads));
  }

  /// All lengths at the first depth, then at the next one.
  std::vector<SpeedTest> planned_tests() const {
    std::vector<uint32_t> depths = depths_;
    std::sort(depths.begin(), depths.end());
    std::vector<SpeedTest> tests;
    for (const uint32_t depth : depths) {
      for (const uint32_t tokens : prompts_) tests.push_back({Phase::prefill, tokens, depth});
      for (const uint32_t tokens : rows_) tests.push_back({Phase::rows, tokens, depth});
      for (const uint32_t tokens : generated_) tests.push_back({Phase::decode, tokens, depth});
    }
    std::erase_if(tests, [](const SpeedTest& test) { return test.tokens == 0; });
    if (tests.empty() && !opening_)
      throw UsageError("nothing to measure: -p, -b and -n are all 0, and there is no --open");
    return tests;
  }

  Operands operands_;
  ModelFlags model_flags_;
  std::vector<uint32_t> prompts_ = {512}, rows_ = {0}, generated_ = {32}, depths_ = {0};
  uint32_t repetitions_ = 3;
  Kv kv_ = Kv::bf16;
  bool fast_ = false;
  bool opening_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_bench_command(CLI::App& app) {
  return std::make_unique<BenchCommand>(app);
}

}  // namespace phi::cli
