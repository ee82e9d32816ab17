#include "bench_main.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace phi::bench {
namespace {

/// Takes our arguments out of the list and leaves Google Benchmark its own. False: a value makes no
/// sense.
bool take_arguments(std::vector<char*>& list, BenchArguments& arguments) {
  constexpr std::string_view kModel = "--model=", kThreads = "--threads=";
  std::vector<char*> rest;
  for (char* text : list) {
    const std::string_view argument = text;
    if (argument.starts_with(kModel)) {
      arguments.model = argument.substr(kModel.size());
    } else if (argument.starts_with(kThreads)) {
      arguments.threads = std::atoi(text + kThreads.size());
    } else {
      rest.push_back(text);
    }
  }
  list = rest;
  return arguments.threads >= 1 && arguments.threads <= 1024;
}

int run(std::vector<char*> list) {
  BenchArguments arguments;
  arguments.threads = default_threads();
  if (!take_arguments(list, arguments)) {
    std::fprintf(stderr, "usage: %s [--model=PATH] [--threads=N] [--benchmark_...]\n", list[0]);
    return 2;
  }
  int count = static_cast<int>(list.size());
  benchmark::Initialize(&count, list.data());
  if (benchmark::ReportUnrecognizedArguments(count, list.data())) return 2;

  const Roof roof = {measure_read_bandwidth(arguments.threads), measure_peaks(arguments.threads)};
  const auto giga = [](double value) { return std::to_string(value * 1e-9).substr(0, 6); };
  benchmark::AddCustomContext("threads", std::to_string(arguments.threads));
  benchmark::AddCustomContext("read bandwidth GB/s", giga(roof.read_bytes_per_second));
  benchmark::AddCustomContext("int8 GOP/s", giga(roof.peaks.int8.operations_per_second));
  benchmark::AddCustomContext("bf16 GFLOP/s", giga(roof.peaks.bf16.operations_per_second));
  benchmark::AddCustomContext("f32 GFLOP/s", giga(roof.peaks.f32.operations_per_second));

  register_benchmarks(arguments, roof);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace phi::bench

int main(int argc, char** argv) {
  try {
    return phi::bench::run({argv, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
