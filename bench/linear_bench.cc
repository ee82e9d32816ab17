// Matrix multiplications at the shapes of Phi-4, beside what the machine can do: GFLOP/s against
// arithmetic, GB/s of weights against memory. Weights are rotated through more memory than the
// caches hold.

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstring>
#include <random>
#include <string>

#include "base/aligned_buffer.h"
#include "bench_main.h"
#include "kernels/strip_layout.h"
#include "ops/linear.h"

namespace phi {
namespace {

struct Shape {
  const char* name;
  int64_t out, in;
};
constexpr Shape kShapes[] = {
    {"qkv", 7680, 5120}, {"o", 5120, 5120}, {"gate_up", 35840, 5120}, {"down", 5120, 17920}};
constexpr DType kTypes[] = {DType::q4_0, DType::q4_k, DType::q6_k,
                            DType::q8_0, DType::bf16, DType::f32};

/// Enough copies of a matrix that no pass finds it in the cache. Scales are 0x2c2c (0.065) wherever
/// a format keeps them.
class Layers {
 public:
  Layers(DType type, Layout layout, const Shape& shape)
      : kernels_(kernels::select_kernels(Isa::best)), gemm_(ops::make_gemm_kernels(kernels_)) {
    weights::Matrix matrix{shape.name, type, shape.out, shape.in, nullptr, layout};
    const auto bytes = matrix.size_bytes();
    const uint64_t copies = std::max<uint64_t>(1, (uint64_t{256} << 20) / bytes);
    buffer_ = AlignedBuffer(bytes * copies, "weights");
    std::memset(buffer_.data(), 0x2c, buffer_.size_bytes());
    for (uint64_t i = 0; i < copies; ++i) {
      matrix.data = buffer_.data() + i * bytes;
      linears_.emplace_back(std::span(&matrix, 1), std::vector<float>(), kernels_, gemm_);
    }
  }
  const ops::Linear& next() { return linears_[index_++ % linears_.size()]; }

 private:
  kernels::Kernels kernels_;
  std::shared_ptr<const ops::GemmKernels> gemm_;
  AlignedBuffer buffer_;
  std::vector<ops::Linear> linears_;
  size_t index_ = 0;
};

struct Case {
  DType type;
  Layout layout;
  Shape shape;
  int64_t rows;
  int threads;
};

void multiply(benchmark::State& state, const Case& what, const bench::Roof& roof) {
  const auto& [type, layout, shape, rows, threads] = what;
  Layers layers(type, layout, shape);
  const ThreadScope scope(threads);
  const std::atomic<bool> stop{false};
  const RunContext run{scope, stop};
  ops::LinearScratch scratch(rows, shape.in, threads);
  std::vector<float> x(static_cast<size_t>(rows * shape.in)),
      y(static_cast<size_t>(rows * shape.out));
  std::mt19937 generator(1);
  for (float& value : x) value = std::normal_distribution<float>()(generator);
  for (auto _ : state) {
    if (rows == 1) {
      layers.next().decode(x.data(), y.data(), ops::Store::replace, scratch, run);
    } else {
      layers.next().prefill({x.data(), shape.in, y.data(), shape.out, rows}, ops::Store::replace,
                            scratch, run);
    }
    benchmark::DoNotOptimize(y.data());
  }
  const auto count = static_cast<double>(state.iterations());
  const double operations =
      2.0 * static_cast<double>(shape.out * shape.in) * static_cast<double>(rows) * count;
  const double bytes = static_cast<double>(dtype_bytes(type, shape.out * shape.in)) * count;
  const bench::Peak& limit = type == DType::f32         ? roof.peaks.f32
                             : layout == Layout::strips ? roof.peaks.int8
                                                        : roof.peaks.bf16;
  const double peak = limit.operations_per_second;
  const auto rate = [](double value) {
    return benchmark::Counter(value, benchmark::Counter::kIsRate);
  };
  state.counters["GFLOP/s"] = rate(1e-9 * operations);
  state.counters["GB/s"] = rate(1e-9 * bytes);
  state.counters["of_peak_%"] = rate(100 * operations / peak);
  state.counters["of_memory_%"] = rate(100 * bytes / roof.read_bytes_per_second);
}

}  // namespace

namespace bench {

namespace {

void register_shapes(DType type, Layout layout, int threads, const Roof& roof) {
  for (const Shape& shape : kShapes) {
    for (const int64_t rows : {1, 4, 8, 16, 128, 512}) {
      const std::string name = std::string("linear/") + dtype_name(type) +
                               (layout == Layout::strips ? ".strips/" : ".rows/") + shape.name +
                               "/rows:" + std::to_string(rows);
      benchmark::RegisterBenchmark(name.c_str(), multiply, Case{type, layout, shape, rows, threads},
                                   roof)
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

void register_benchmarks(const BenchArguments& arguments, const Roof& roof) {
  const bool has_strip_kernels = kernels::select_kernels(Isa::best).strips != nullptr;
  for (const DType type : kTypes) {
    for (const Layout layout : {Layout::strips, Layout::rows}) {
      if (layout == Layout::strips && !(has_strip_kernels && kernels::has_strips(type))) continue;
      register_shapes(type, layout, arguments.threads, roof);
    }
  }
}

}  // namespace bench
}  // namespace phi
