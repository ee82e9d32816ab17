// phi_roof_table: prints the limits of this machine.  usage: phi_roof_table [--threads N] [--json]

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "roof.h"

namespace {

struct Arguments {
  int threads = phi::bench::default_threads();
  bool json = false;
  bool valid = true;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc && arguments.valid; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      arguments.json = true;
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      arguments.threads = std::atoi(argv[++i]);
      arguments.valid = arguments.threads > 0 && arguments.threads <= 1024;
    } else {
      arguments.valid = false;
    }
  }
  return arguments;
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
    std::fprintf(stderr, "usage: %s [--threads N] [--json]\n", argv[0]);
    return 2;
  }
  try {
    const double bandwidth = phi::bench::measure_read_bandwidth(arguments.threads);
    const phi::bench::Peaks peaks = phi::bench::measure_peaks(arguments.threads);
    (arguments.json ? print_json : print_table)(arguments.threads, bandwidth, peaks);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "phi_roof_table: %s\n", error.what());
    return 1;
  }
  return 0;
}
