// phi_slice_table: how well Session::step keeps to its budget, and what slices cost. Steps in which
// the system gave a thread's processor to somebody else are counted apart.
// usage: phi_slice_table MODEL [--threads N] [--prompt N] [--generate N] [--depth N]
//                        [--budget MICROSECONDS]...

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string_view>
#include <vector>

#include "phi/session.h"

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

struct Arguments {
  const char* model = nullptr;
  int threads = 0;
  uint32_t prompt = 512, generate = 16, depth = 0;
  std::vector<int> budgets;  // microseconds
  bool valid = true;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc && arguments.valid; ++i) {
    const std::string_view flag = argv[i];
    if (!flag.starts_with("--") && arguments.model == nullptr) {
      arguments.model = argv[i];
      continue;
    }
    const int value = i + 1 < argc ? std::atoi(argv[++i]) : -1;
    arguments.valid = value >= 0;
    if (flag == "--threads") {
      arguments.threads = value;
    } else if (flag == "--prompt") {
      arguments.prompt = static_cast<uint32_t>(std::max(value, 1));
    } else if (flag == "--generate") {
      arguments.generate = static_cast<uint32_t>(value);
    } else if (flag == "--depth") {
      arguments.depth = static_cast<uint32_t>(value);
    } else if (flag == "--budget") {
      arguments.budgets.push_back(value);
    } else {
      arguments.valid = false;
    }
  }
  arguments.valid = arguments.valid && arguments.model != nullptr;
  if (arguments.budgets.empty()) arguments.budgets = {2000, 4000};
  return arguments;
}

/// Arbitrary but fixed tokens.
std::vector<phi::Token> some_tokens(uint32_t count, uint32_t vocab_size) {
  std::vector<phi::Token> tokens;
  uint64_t state = 1;
  for (uint32_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    tokens.push_back(static_cast<phi::Token>((state >> 33) % vocab_size));
  }
  return tokens;
}

/// How often a thread of this process had to give way.
long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

/// Step after step to `count` tokens, and how long each step took.
struct Slices {
  Slices(phi::Session& session, uint32_t count, std::chrono::microseconds budget) {
    while (tokens.size() < count) {
      const long before = preemptions();
      const Clock::time_point begin = Clock::now();
      const auto next = session.step(budget);
      const double step = Microseconds(Clock::now() - begin).count();
      (preemptions() == before ? steps : disturbed).push_back(step);
      seconds += step * 1e-6;
      if (next) tokens.push_back(next->token);
    }
  }
  std::vector<phi::Token> tokens;
  std::vector<double> steps, disturbed;  // microseconds
  double seconds = 0;
};

/// Percent of the steps that ended less than 1.5 ms late.
double share_in_time(const std::vector<double>& steps, int budget) {
  const auto in_time = std::count_if(steps.begin(), steps.end(),
                                     [budget](double step) { return step < budget + 1500.0; });
  return 100.0 * static_cast<double>(in_time) / static_cast<double>(steps.size());
}

void print_row(const char* phase, int budget, Slices slices, double whole_seconds) {
  std::vector<double>& steps = slices.steps;
  std::vector<double> all = steps;
  all.insert(all.end(), slices.disturbed.begin(), slices.disturbed.end());
  if (steps.empty()) steps = all;
  std::sort(steps.begin(), steps.end());
  const auto late = [&](double share) {
    const auto index = static_cast<size_t>(share * static_cast<double>(steps.size() - 1) + 0.5);
    return (steps[index] - budget) * 1e-3;
  };
  std::printf(
      "| %-10s | %4.1f ms | %6zu | %7.2f %% | %9zu | %7.2f %% | %5.2f ms | %5.2f ms | %6.2f ms | "
      "%5.3f |\n",
      phase, budget * 1e-3, all.size(), share_in_time(all, budget), slices.disturbed.size(),
      share_in_time(steps, budget), late(0.5), late(0.99), late(1), slices.seconds / whole_seconds);
}

int run(const Arguments& arguments) {
  const phi::Model model = phi::Model::open(arguments.model);
  phi::SessionOptions options;
  options.threads = arguments.threads;
  options.context = arguments.depth + arguments.prompt + arguments.generate + 2;
  options.sampling.ignore_end = true;
  phi::Session session(model, options);
  const auto tokens = some_tokens(arguments.depth + arguments.prompt, model.info().vocab_size);
  const auto prompt = std::span(tokens).subspan(arguments.depth);
  session.append(std::span(tokens).first(std::min<size_t>(tokens.size(), arguments.depth + 16)));

  session.rewind(arguments.depth);
  std::vector<phi::Token> expected;
  const Clock::time_point begin = Clock::now();
  session.append(prompt);
  expected.push_back(session.next().token);
  const Clock::time_point middle = Clock::now();
  while (expected.size() <= arguments.generate) expected.push_back(session.next().token);
  const Clock::time_point end = Clock::now();

  std::puts(
      "| phase      | budget  | steps  | < 1.5 ms  | disturbed | of others | late p50 | late p99 | "
      "latest    | time  |\n"
      "|------------|---------|--------|-----------|-----------|-----------|----------|----------|-"
      "----------|-------|");
  for (const int budget : arguments.budgets) {
    session.rewind(arguments.depth);
    session.enqueue(prompt);
    const Slices reading(session, 1, std::chrono::microseconds(budget));
    const Slices writing(session, arguments.generate, std::chrono::microseconds(budget));
    print_row("prompt", budget, reading, std::chrono::duration<double>(middle - begin).count());
    if (arguments.generate > 0)
      print_row("generation", budget, writing, std::chrono::duration<double>(end - middle).count());
    const bool is_same = reading.tokens.front() == expected.front() &&
                         std::equal(writing.tokens.begin(), writing.tokens.end(),
                                    expected.begin() + 1, expected.end());
    if (!is_same) {
      std::fprintf(stderr, "the tokens are not those of append and next\n");
      return 1;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  if (!arguments.valid) {
    std::fprintf(stderr,
                 "usage: %s MODEL [--threads N] [--prompt N] [--generate N] [--depth N] "
                 "[--budget MICROSECONDS]...\n",
                 argv[0]);
    return 2;
  }
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
