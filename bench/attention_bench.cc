// Attention at the shape of Phi-4 (40 query heads, 10 KV heads of 128), beside what the machine can
// do: a chunk of 512 prompt rows against arithmetic, a generated row against memory, whose
// bandwidth is measured right before and after. Caches are rotated through more memory than the
// processor's.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "bench_main.h"
#include "ops/attention.h"

namespace phi::bench {
namespace {

constexpr ops::AttentionShape kPhi4{40, 10, 128, 0};
constexpr int64_t kWidth = 40 * 128;
constexpr const char* kTypeNames[] = {"bf16", "f32", "int8"};

int64_t layer_bytes(Kv kv, int64_t context) {
  return kPhi4.kv_heads * context / kernels::kKeyBlock * ops::kv_block_bytes(kv, kPhi4.head_dim);
}

/// Caches of as many layers as it takes to leave the processor's own cache.
class Layers {
 public:
  Layers(Kv kv, int64_t context) {
    const int64_t bytes = layer_bytes(kv, context);
    const int64_t layers = std::max<int64_t>(1, (int64_t{256} << 20) / bytes);
    memory_ = AlignedBuffer(static_cast<uint64_t>(layers * bytes), "cache");
    memory_.touch();
    for (int64_t i = 0; i < layers; ++i) {
      views_.push_back({kv, kPhi4.kv_heads, context, kPhi4.head_dim, memory_.data() + i * bytes});
    }
  }
  const ops::KvView& next() { return views_[index_++ % views_.size()]; }

 private:
  AlignedBuffer memory_;
  std::vector<ops::KvView> views_;
  size_t index_ = 0;
};

struct Setup {
  Kv kv;
  int64_t context;
  int threads;
  Roof roof;
};

/// A generated row's limit, now.
double read_bandwidth(const Setup& setup, int64_t rows) {
  constexpr uint64_t kBytes = uint64_t{256} << 20;
  return rows == 1 ? measure_read_bandwidth(setup.threads, kBytes)
                   : setup.roof.read_bytes_per_second;
}

/// The last `rows` positions of the context. One row goes through the arithmetic of generation.
void attend(benchmark::State& state, Setup setup, int64_t rows) {
  const double bandwidth_before = read_bandwidth(setup, rows);
  const ThreadScope threads(setup.threads);
  const std::atomic<bool> stop{false};
  const RunContext run{threads, stop};
  const kernels::Kernels kernels = kernels::select_kernels(Isa::best);
  Layers layers(setup.kv, setup.context);
  ops::AttentionScratch scratch(kPhi4, setup.context, setup.threads);
  std::vector<float> q(static_cast<size_t>(rows * kWidth), 0.1F), out(q.size());
  const int64_t first = setup.context - rows;
  const auto attend_rows = rows == 1 ? ops::attend_next : ops::attend_prompt;
  for (auto _ : state) {
    attend_rows({q.data(), kWidth, rows, first, out.data(), kWidth}, layers.next(), scratch,
                kernels, run);
    benchmark::DoNotOptimize(out.data());
  }
  const auto calls = static_cast<double>(state.iterations());
  const double visible =
      static_cast<double>(rows) * (static_cast<double>(first) + static_cast<double>(rows + 1) / 2);
  const double operations = 4 * static_cast<double>(kWidth) * visible;
  const auto bytes = static_cast<double>(layer_bytes(setup.kv, setup.context));
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(1e-9 * operations * calls, Counter::kIsRate);
  state.counters["GB/s"] = Counter(1e-9 * bytes * calls, Counter::kIsRate);
  const Peaks& peaks = setup.roof.peaks;
  state.counters["of f32 peak"] =
      Counter(operations / peaks.f32.operations_per_second * calls, Counter::kIsRate);
  if (peaks.bf16.operations_per_second > 0) {
    state.counters["of bf16 peak"] =
        Counter(operations / peaks.bf16.operations_per_second * calls, Counter::kIsRate);
  }
  const double bandwidth = (bandwidth_before + read_bandwidth(setup, rows)) / 2;
  state.counters["of bandwidth"] = Counter(bytes / bandwidth * calls, Counter::kIsRate);
}

}  // namespace

void register_benchmarks(const BenchArguments& arguments, const Roof& roof) {
  for (const Kv kv : {Kv::bf16, Kv::f32, Kv::int8}) {
    for (int64_t context = 128; context <= 16384; context *= context < 512 ? 4 : 2) {
      for (const int64_t rows : {int64_t{1}, std::min<int64_t>(512, context)}) {
        const std::string name = std::string("attention/") + kTypeNames[static_cast<int>(kv)] +
                                 "/rows:" + std::to_string(rows) +
                                 "/context:" + std::to_string(context);
        benchmark::RegisterBenchmark(name.c_str(), attend,
                                     Setup{kv, context, arguments.threads, roof}, rows)
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
}

}  // namespace phi::bench
