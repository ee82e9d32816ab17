// Encoding and decoding: bytes per second on prose, on code, and on the input that is worst for
// byte-pair encoding, one letter repeated. Needs --model=PATH: anything that holds a tokenizer.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>

#include "bench_main.h"
#include "phi/error.h"
#include "phi/tokenizer.h"

namespace phi::bench {
namespace {

constexpr std::string_view kProse =
    "The old lighthouse keeper climbed the 199 steps every evening, wound the clockwork, and wrote "
    "one line into his book: wind, "
    "sea, ships. \"Nothing ever happens here,\" he told visitors in summer; caf\u00e9 owners down "
    "in the harbour said otherwise. ";
constexpr std::string_view kCode =
    "for (int i = 0; i < rows; ++i) {\n    sum += weights[i * stride + column] * input[i];  // "
    "accumulate\n    if (sum > "
    "kLimit) return std::nullopt;\n}\n";

std::string repeat(std::string_view text, int64_t bytes) {
  std::string out;
  while (out.size() < static_cast<size_t>(bytes)) out += text;
  return out;
}

using TokenizerPtr = std::shared_ptr<const Tokenizer>;

void report(benchmark::State& state, size_t bytes, size_t tokens) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(tokens),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}

void encode(benchmark::State& state, const TokenizerPtr& tokenizer, std::string_view sample) {
  const std::string text = repeat(sample, state.range(0));
  size_t tokens = 0;
  for (auto _ : state) {
    const std::vector<Token> ids = tokenizer->encode(text);
    benchmark::DoNotOptimize(ids.data());
    tokens = ids.size();
  }
  report(state, text.size(), tokens);
}

void decode(benchmark::State& state, const TokenizerPtr& tokenizer) {
  const std::string text = repeat(kProse, state.range(0));
  const std::vector<Token> ids = tokenizer->encode(text);
  for (auto _ : state) {
    const std::string back = tokenizer->decode(ids);
    benchmark::DoNotOptimize(back.data());
  }
  report(state, text.size(), ids.size());
}

void add_encode(const TokenizerPtr& tokenizer, const std::string& name, std::string_view sample) {
  benchmark::RegisterBenchmark(("encode/" + name).c_str(),
                               [=](benchmark::State& state) { encode(state, tokenizer, sample); })
      ->Arg(1 << 10)
      ->Arg(1 << 20)
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

void register_benchmarks(const BenchArguments& arguments, const Roof&) {
  if (arguments.model.empty())
    throw Error(Code::invalid_argument, "no tokenizer: give --model=PATH");
  const auto tokenizer = std::make_shared<const Tokenizer>(Tokenizer::open(arguments.model));
  add_encode(tokenizer, "prose", kProse);
  add_encode(tokenizer, "code", kCode);
  add_encode(tokenizer, "one_letter", "a");
  benchmark::RegisterBenchmark("decode/prose",
                               [=](benchmark::State& state) { decode(state, tokenizer); })
      ->Arg(1 << 10)
      ->Arg(1 << 20)
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace phi::bench
