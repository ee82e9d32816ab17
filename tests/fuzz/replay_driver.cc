// Runs a fuzz target without libFuzzer, with any compiler: every seed as it is, then changed and
// cut in ways that are the same on every machine. A crash, an exception or a time-out is a finding;
// the last line printed names its input.
//
//   <target> <changes per seed> <file or folder>...
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "support/test_files.h"

namespace {

namespace fs = std::filesystem;

/// Large seeds take long for little: their other variants are in the corpus too.
constexpr size_t kLargestSeed = 128 << 10;

std::vector<fs::path> seeds_in(const fs::path& where) {
  if (fs::is_regular_file(where)) return {where};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(where)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void run(const std::string& input) {
  // A buffer of exactly this size, so that AddressSanitizer sees a read past its end.
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string changed(const std::string& seed, std::mt19937& random) {
  std::string input = seed;
  if (random() % 4 == 0) input.resize(random() % (input.size() + 1));
  for (uint32_t change = 0; change < 1 + random() % 4 && !input.empty(); ++change) {
    const size_t at = random() % input.size();
    switch (random() % 4) {
      case 0:
        input[at] = static_cast<char>(random());
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << random() % 8));
        break;
      case 2:
        input.erase(at, 1 + random() % 8);
        break;
      default:
        input.insert(at, input.substr(random() % input.size(), 1 + random() % 16));
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s <changes per seed> <file or folder>...\n", argv[0]);
    return 64;
  }
  const int changes = std::atoi(argv[1]);
  std::mt19937 random(4021);
  long inputs = 0;
  for (int i = 2; i < argc; ++i) {
    for (const fs::path& seed : seeds_in(argv[i])) {
      const std::string bytes = phi::test::read_file(seed.string());
      if (bytes.size() > kLargestSeed) continue;
      int change = -1;
      try {
        for (; change < changes; ++change, ++inputs)
          run(change < 0 ? bytes : changed(bytes, random));
      } catch (const std::exception& error) {
        std::printf("%s, change %d: %s\n", seed.c_str(), change, error.what());
        return 1;
      }
    }
  }
  std::printf("%ld inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
