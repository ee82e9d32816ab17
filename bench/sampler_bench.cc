// Logits to a token, for every kind of setting: with the vocabularies of Phi-4 and Phi-4-mini; with
// logits as models give them (a few tokens stand out) and flat ones, the most work for top-p.

#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "bench_main.h"
#include "kernels/dispatch.h"
#include "session/random.h"
#include "session/sampler.h"

namespace phi::bench {
namespace {

constexpr uint32_t kPhi4 = 100352, kPhi4Mini = 200064;

enum class Shape : int32_t { peaked, flat };

/// f32 [vocab_size]: about normal with a deviation of 2.5, and 20 tokens well above; or within 1.
std::vector<float> make_logits(uint32_t vocab_size, Shape shape) {
  session::Random random(5);
  std::vector<float> logits(vocab_size);
  for (float& logit : logits) {
    double sum = random.next_uniform();
    if (shape == Shape::peaked) {
      for (int i = 1; i < 12; ++i) sum += random.next_uniform();
      sum = (sum - 6) * 2.5;
    }
    logit = static_cast<float>(sum);
  }
  for (uint32_t i = 0; shape == Shape::peaked && i < 20; ++i)
    logits[random.next_bits() % vocab_size] = 20.0f - 0.5f * static_cast<float>(i);
  return logits;
}

void sample(benchmark::State& state, const Sampling& sampling, Shape shape) {
  const auto vocab_size = static_cast<uint32_t>(state.range(0));
  const std::vector<float> logits = make_logits(vocab_size, shape);
  std::vector<Token> history;
  for (Token token = 0; token < 4096; ++token) history.push_back(token * 7);
  session::Sampler sampler(vocab_size, sampling, *kernels::select_kernels(Isa::best).weighing);
  for (auto _ : state) benchmark::DoNotOptimize(sampler.sample(logits, history));
}

struct Setting {
  std::string name;
  Sampling sampling;
  Shape shape = Shape::peaked;
};

std::vector<Setting> settings() {
  Sampling greedy, drawn;
  drawn.temperature = 0.8f;
  drawn.seed = 1;
  std::vector<Setting> list = {{"greedy", greedy}, {"temperature", drawn}};
  const auto add = [&](std::string name, Shape shape, auto&& change) {
    Sampling sampling = drawn;
    change(sampling);
    list.push_back({std::move(name), sampling, shape});
  };
  add("top_k=40", Shape::peaked, [](Sampling& s) { s.top_k = 40; });
  add("top_p=0.95", Shape::peaked, [](Sampling& s) { s.top_p = 0.95f; });
  add("min_p=0.05", Shape::peaked, [](Sampling& s) { s.min_p = 0.05f; });
  add("everything", Shape::peaked, [](Sampling& s) {
    s.top_k = 40;
    s.top_p = 0.95f;
    s.min_p = 0.05f;
    s.repeat_penalty = 1.1f;
    s.presence_penalty = s.frequency_penalty = 0.5f;
    s.penalty_window = 4096;
    for (Token token = 0; token < 1000; ++token) s.bias.emplace_back(token * 50, -1.0f);
  });
  add("flat/top_k=1000", Shape::flat, [](Sampling& s) { s.top_k = 1000; });
  add("flat/top_p=0.5", Shape::flat, [](Sampling& s) { s.top_p = 0.5f; });
  add("flat/top_p=0.95", Shape::flat, [](Sampling& s) { s.top_p = 0.95f; });
  add("flat/min_p=0.05", Shape::flat, [](Sampling& s) { s.min_p = 0.05f; });
  return list;
}

}  // namespace

void register_benchmarks(const BenchArguments&, const Roof&) {
  for (const Setting& setting : settings()) {
    benchmark::RegisterBenchmark(
        ("sample/" + setting.name).c_str(),
        [=](benchmark::State& state) { sample(state, setting.sampling, setting.shape); })
        ->Arg(kPhi4)
        ->Arg(kPhi4Mini)
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace phi::bench
