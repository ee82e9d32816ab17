// Prefill and decode of a whole model: tokens per second, time to the first token, and shares of
// the machine's limits. Needs --model=PATH. `phi bench` prints the same as a table.

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "bench_main.h"
#include "model_cost.h"
#include "phi/error.h"
#include "phi/session.h"

namespace phi::bench {
namespace {

struct Subject {
  Model model;
  ModelCost cost;
  Roof roof;
  int threads;

  Session session(uint32_t context) const {
    SessionOptions options;
    options.context = context;
    options.threads = threads;
    options.sampling.ignore_end = true;
    return Session(model, options);
  }
};

/// Arbitrary but fixed tokens.
std::vector<Token> some_tokens(int64_t count, uint32_t vocab_size) {
  std::vector<Token> tokens;
  uint64_t state = 1;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    tokens.push_back(static_cast<Token>((state >> 33) % vocab_size));
  }
  return tokens;
}

/// Positions that the model has room for: a benchmark of a small model leaves out what is too long
/// for it.
bool fits(const Subject& subject, int64_t positions, benchmark::State& state) {
  if (positions <= subject.model.info().context) return true;
  state.SkipWithError("longer than the model's context");
  return false;
}

void prefill(benchmark::State& state, const Subject& subject) {
  const int64_t length = state.range(0), depth = state.range(1);
  if (!fits(subject, depth + length, state)) return;
  const std::vector<Token> tokens = some_tokens(depth + length, subject.model.info().vocab_size);
  const std::span<const Token> all = tokens;
  Session session = subject.session(static_cast<uint32_t>(depth + length));
  if (depth > 0) session.append(all.first(static_cast<size_t>(depth)));
  IterationClock clock(state);
  for (auto _ : state) {
    clock.measure([&] { session.append(all.subspan(static_cast<size_t>(depth))); });
    session.rewind(static_cast<uint32_t>(depth));
  }
  const double operations = clock.rate(
      subject.cost.prompt(static_cast<double>(length), static_cast<double>(depth)).operations);
  const ComputeRoof roof = compute_roof(subject.model.info(), subject.roof.peaks);
  state.counters["tokens/s"] = clock.rate(static_cast<double>(length));
  state.counters["op/s"] = operations;
  state.counters["roof%"] = 100 * operations / roof.operations_per_second;
  state.SetLabel(roof.name);
}

void decode(benchmark::State& state, const Subject& subject) {
  constexpr int64_t kRoom = 64;  // tokens generated before going back to the depth
  const int64_t depth = std::max<int64_t>(state.range(0), 1);
  if (!fits(subject, depth + kRoom, state)) return;
  const std::vector<Token> tokens = some_tokens(depth, subject.model.info().vocab_size);
  Session session = subject.session(static_cast<uint32_t>(depth + kRoom));
  session.append(tokens);
  session.next();  // comes from the prompt's logits; each one after it costs a pass
  IterationClock clock(state);
  for (auto _ : state) {
    if (session.position() == session.context()) {
      session.rewind(static_cast<uint32_t>(depth));
      session.next();
    }
    clock.measure([&] { session.next(); });
  }
  const double bytes =
      clock.rate(subject.cost.generation(kRoom, static_cast<double>(depth)).bytes / kRoom);
  state.counters["tokens/s"] = clock.rate(1);
  state.counters["bytes/s"] = bytes;
  state.counters["roof%"] = 100 * bytes / subject.roof.read_bytes_per_second;
  state.SetLabel("memory");
}

}  // namespace

void register_benchmarks(const BenchArguments& arguments, const Roof& roof) {
  if (arguments.model.empty()) throw Error(Code::invalid_argument, "no model: give --model=PATH");
  ModelOptions options;
  options.threads = arguments.threads;
  const Model model = Model::open(arguments.model, options);
  const auto subject = std::make_shared<Subject>(
      Subject{model, model_cost(model.info(), Kv::bf16), roof, arguments.threads});
  benchmark::RegisterBenchmark("prefill",
                               [subject](benchmark::State& state) { prefill(state, *subject); })
      ->ArgNames({"tokens", "depth"})
      ->ArgsProduct({{1, 8, 128, 512}, {0, 4096}})
      ->Unit(benchmark::kMillisecond)
      ->UseManualTime();
  benchmark::RegisterBenchmark("decode",
                               [subject](benchmark::State& state) { decode(state, *subject); })
      ->ArgName("depth")
      ->Arg(0)
      ->Arg(1024)
      ->Arg(4096)
      ->Unit(benchmark::kMillisecond)
      ->UseManualTime();
}

}  // namespace phi::bench
