// What it takes until the first token can be asked for: estimating, opening, and making a session.
// Needs --model=PATH.

#include <benchmark/benchmark.h>

#include <string>

#include "bench_main.h"
#include "phi/error.h"
#include "phi/session.h"

namespace phi::bench {
namespace {

ModelOptions options_for(const BenchArguments& arguments, Weights weights) {
  ModelOptions options;
  options.threads = arguments.threads;
  options.weights = weights;
  return options;
}

void estimate(benchmark::State& state, const BenchArguments& arguments) {
  for (auto _ : state) benchmark::DoNotOptimize(Model::estimate(arguments.model).total);
}

void open(benchmark::State& state, const BenchArguments& arguments, Weights weights,
          const Roof& roof) {
  double bytes = 0;
  for (auto _ : state)
    bytes = static_cast<double>(
        Model::open(arguments.model, options_for(arguments, weights)).info().weight_bytes);
  using benchmark::Counter;
  state.counters["bytes/s"] = Counter(bytes, Counter::kIsIterationInvariantRate);
  state.counters["roof"] =
      Counter(bytes / roof.read_bytes_per_second, Counter::kIsIterationInvariantRate);
}

void make_session(benchmark::State& state, const BenchArguments& arguments) {
  const Model model = Model::open(arguments.model, options_for(arguments, Weights::as_stored));
  SessionOptions options;
  options.threads = arguments.threads;
  for (auto _ : state) {
    const Session session(model, options);
    benchmark::DoNotOptimize(session.context());
  }
}

}  // namespace

void register_benchmarks(const BenchArguments& arguments, const Roof& roof) {
  if (arguments.model.empty()) throw Error(Code::invalid_argument, "no model: give --model=PATH");
  const auto add = [](const std::string& name, auto body) {
    benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMillisecond)->UseRealTime();
  };
  add("estimate", [=](benchmark::State& state) { estimate(state, arguments); });
  add("open/as_stored",
      [=](benchmark::State& state) { open(state, arguments, Weights::as_stored, roof); });
  add("open/int8", [=](benchmark::State& state) { open(state, arguments, Weights::int8, roof); });
  add("open/int4", [=](benchmark::State& state) { open(state, arguments, Weights::int4, roof); });
  add("session", [=](benchmark::State& state) { make_session(state, arguments); });
}

}  // namespace phi::bench
