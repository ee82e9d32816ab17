#include "weights/conversion.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/checked.h"
#include "base/fail.h"
#include "kernels/dispatch.h"
#include "kernels/quantize.h"

namespace phi::weights {

namespace {

constexpr auto kReportInterval = std::chrono::milliseconds(20);
constexpr int64_t kLowBitBlock = 32;
constexpr int64_t kFloatsPerLine = 16;
/// One task converts about this many elements: less than a millisecond for plain types, a few for
/// searched ones.
constexpr int64_t kTaskElements = int64_t{1} << 16;
/// Work between two looks at progress and cancelling: long enough that waiting for the last thread
/// does not count.
constexpr auto kRoundTime = std::chrono::milliseconds(10);
constexpr int64_t kMaxRoundTasks = int64_t{1} << 12;

/// Gives back the pages that lie whole in [begin, end); they are read from the file again if
/// somebody needs them.
void release_pages(const std::byte* begin, const std::byte* end) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t first = round_up(reinterpret_cast<uintptr_t>(begin), page);
  const uintptr_t last = reinterpret_cast<uintptr_t>(end) / page * page;
  // Advice only: where it is refused the pages stay until the file is unmapped.
  if (first < last) (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace

DType held_type(Weights weights, Part part, DType stored, int64_t cols) noexcept {
  const bool blocks_fit = cols % kLowBitBlock == 0;
  const bool token_table = part == Part::embedding || part == Part::output;
  switch (weights) {
    case Weights::as_stored:
      return stored;
    case Weights::f32:
      return DType::f32;
    case Weights::bf16:
      return DType::bf16;
    case Weights::int8:
      return blocks_fit ? DType::q8_0 : DType::bf16;
    case Weights::int4:
      if (!blocks_fit) return DType::bf16;
      return token_table ? DType::q8_0 : DType::q4_0;
  }
  return stored;
}

LoadProgress::LoadProgress(const KeepGoing& keep_going, uint64_t total)
    : keep_going_(keep_going), total_(total) {
  report();
}

void LoadProgress::advance(uint64_t amount) {
  done_ += amount;
  if (Clock::now() - last_report_ >= kReportInterval) report();
}

void LoadProgress::report() {
  const double share = total_ == 0 ? 0.0 : static_cast<double>(done_) / static_cast<double>(total_);
  if (keep_going_ && !keep_going_(share))
    fail(Code::cancelled, "loading the weights was cancelled");
  last_report_ = Clock::now();
}

MatrixConverter::MatrixConverter(const ThreadScope& threads, int64_t widest_row, SourcePages pages,
                                 LoadProgress& progress)
    : threads_(threads),
      scratch_stride_(ceil_div(widest_row, kFloatsPerLine) * kFloatsPerLine),
      scratch_(static_cast<uint64_t>(scratch_stride_ * threads.threads()) * sizeof(float),
               "scratch for converting weights"),
      pages_(pages),
      progress_(progress),
      round_tasks_(threads.threads()) {}

void MatrixConverter::convert(const Matrix& source, DType to, std::byte* destination) {
  const auto dequantize =
      kernels::select_kernels(Isa::best).matrix->dequantize[static_cast<int>(source.dtype)];
  const int64_t row_bytes = dtype_bytes(to, source.cols);
  const int64_t task_rows = std::max<int64_t>(1, kTaskElements / source.cols);

  for (int64_t first = 0, last = 0; first < source.rows; first = last) {
    const auto begin_time = std::chrono::steady_clock::now();
    last = std::min(first + task_rows * round_tasks_, source.rows);
    const int64_t tasks = ceil_div(last - first, task_rows);
    threads_.parallel_for(tasks, [&](int64_t task, int worker) {
      float* const scratch = scratch_.as<float>() + worker * scratch_stride_;
      const int64_t begin = first + task * task_rows;
      const int64_t end = std::min(begin + task_rows, last);
      for (int64_t row = begin; row < end; ++row) {
        dequantize(source.row(row), scratch, source.cols);
        kernels::quantize_row(to, scratch, destination + row * row_bytes, source.cols);
      }
    });
    if (pages_ == SourcePages::release) release_pages(source.row(first), source.row(last));
    progress_.advance(static_cast<uint64_t>((last - first) * source.cols));
    adapt_round(tasks, std::chrono::steady_clock::now() - begin_time);
  }
}

void MatrixConverter::adapt_round(int64_t tasks, std::chrono::steady_clock::duration taken) {
  const int64_t fewest = threads_.threads();
  if (taken > 2 * kRoundTime) {
    round_tasks_ = std::max(fewest, tasks / 2);
  } else if (taken < kRoundTime && tasks == round_tasks_) {
    round_tasks_ = std::min(2 * tasks, std::max(kMaxRoundTasks, fewest));
  }
}

}  // namespace phi::weights
