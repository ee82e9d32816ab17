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
  IterationClock clock(state);
  for (auto _ : state) {
    clock.measure([&] {
      const Model model = Model::open(arguments.model, options_for(arguments, weights));
      bytes = static_cast<double>(model.info().weight_bytes);
    });
  }
  state.counters["bytes/s"] = clock.rate(bytes);
  state.counters["roof%"] = 100 * clock.rate(bytes) / roof.read_bytes_per_second;
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
    return benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMillisecond);
  };
  add("estimate", [=](benchmark::State& state) { estimate(state, arguments); })->UseRealTime();
  add("open/as_stored", [=](benchmark::State& state) {
    open(state, arguments, Weights::as_stored, roof);
  })->UseManualTime();
  add("open/int8", [=](benchmark::State& state) {
    open(state, arguments, Weights::int8, roof);
  })->UseManualTime();
  add("open/int4", [=](benchmark::State& state) {
    open(state, arguments, Weights::int4, roof);
  })->UseManualTime();
  add("session", [=](benchmark::State& state) { make_session(state, arguments); })->UseRealTime();
}

}  // namespace phi::bench
