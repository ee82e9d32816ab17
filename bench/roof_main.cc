// phi_roof_table: prints the limits of this machine, or of its memory alone, which it can wait for.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "roof.h"

namespace {

constexpr const char* kUsage =
    "usage: %s [--threads N] [--json] [--memory [--at-least GB_PER_SECOND --patience SECONDS]]\n"
    "  --memory    the read bandwidth alone\n"
    "  --at-least  measure it again and again until it is so high, or for --patience (60) "
    "seconds\n";

struct Arguments {
  int threads = phi::bench::default_threads();
  bool json = false;
  bool memory_alone = false;
  double at_least = 0;  // bytes per second
  double patience = 60;
  bool valid = true;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc && arguments.valid; ++i) {
    const auto is = [&](const char* flag) { return std::strcmp(argv[i], flag) == 0; };
    const bool has_value = i + 1 < argc;
    if (is("--json")) {
      arguments.json = true;
    } else if (is("--memory")) {
      arguments.memory_alone = true;
    } else if (is("--threads") && has_value) {
      arguments.threads = std::atoi(argv[++i]);
      arguments.valid = arguments.threads > 0 && arguments.threads <= 1024;
    } else if (is("--at-least") && has_value) {
      arguments.at_least = std::atof(argv[++i]) * 1e9;
      arguments.valid = arguments.at_least > 0;
    } else if (is("--patience") && has_value) {
      arguments.patience = std::atof(argv[++i]);
    } else {
      arguments.valid = false;
    }
  }
  arguments.valid = arguments.valid && (arguments.memory_alone || arguments.at_least == 0);
  return arguments;
}

void print_memory(const Arguments& arguments, double bandwidth) {
  if (arguments.json) {
    std::printf("{\"threads\": %d, \"read_bytes_per_second\": %.4g}\n", arguments.threads,
                bandwidth);
  } else {
    std::printf("%.1f GB/s\n", bandwidth * 1e-9);
  }
}

void print_table(int threads, double bandwidth, const phi::bench::Peaks& peaks) {
  const auto row = [](const char* name, const phi::bench::Peak& peak, const char* unit) {
    std::printf("| %-14s | %8.1f %-8s | %-13s |\n", name, peak.operations_per_second * 1e-9, unit,
                peak.instructions);
  };
  std::printf("| %-14s | %-17s | %-13s |\n|----------------|-------------------|---------------|\n",
              "limit", threads == 1 ? "1 thread" : (std::to_string(threads) + " threads").c_str(),
              "instructions");
  std::printf("| %-14s | %8.1f %-8s | %-13s |\n", "read bandwidth", bandwidth * 1e-9, "GB/s", "");
  row("int8", peaks.int8, "GOP/s");
  row("bf16", peaks.bf16, "GFLOP/s");
  row("f32", peaks.f32, "GFLOP/s");
}

void print_json(int threads, double bandwidth, const phi::bench::Peaks& peaks) {
  std::printf("{\"threads\": %d, \"read_bytes_per_second\": %.4g, \"int8_ops_per_second\": %.4g, ",
              threads, bandwidth, peaks.int8.operations_per_second);
  std::printf("\"bf16_flops_per_second\": %.4g, \"f32_flops_per_second\": %.4g}\n",
              peaks.bf16.operations_per_second, peaks.f32.operations_per_second);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  if (!arguments.valid) {
    std::fprintf(stderr, kUsage, argv[0]);
    return 2;
  }
  try {
    const double bandwidth = phi::bench::wait_for_read_bandwidth(
        arguments.threads, arguments.at_least, arguments.patience);
    if (arguments.memory_alone) {
      print_memory(arguments, bandwidth);
      return 0;
    }
    const phi::bench::Peaks peaks = phi::bench::measure_peaks(arguments.threads);
    (arguments.json ? print_json : print_table)(arguments.threads, bandwidth, peaks);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "phi_roof_table: %s\n", error.what());
    return 1;
  }
  return 0;
}
