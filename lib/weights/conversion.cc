#include "weights/conversion.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/fail.h"
#include "kernels/dispatch.h"
#include "kernels/quantize.h"
#include "kernels/strip_layout.h"
#include "weights/matrix_rows.h"

namespace phi::weights {

namespace {

constexpr auto kReportInterval = std::chrono::milliseconds(20);
constexpr int64_t kLowBitBlock = 32, kWideBlock = 256;
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

bool is_token_table(Part part) noexcept { return part == Part::embedding || part == Part::output; }

/// Eight bits: wide blocks for the matrices that prompts are multiplied with. The token tables,
/// which every logit goes through and prompts hardly ever, keep narrow ones of less error.
DType eight_bit_type(Part part, int64_t cols) noexcept {
  if (cols % kWideBlock == 0 && !is_token_table(part)) return DType::q8_256;
  if (cols % kLowBitBlock == 0) return DType::q8_0;
  return DType::bf16;
}

/// Four bits: the type of least error at 4.5 bits a weight that the rows divide into. The token
/// tables get more. What has no more bits already stays.
DType four_bit_type(Part part, DType stored, int64_t cols) noexcept {
  if (is_quantized(stored) &&
      dtype_bytes(stored, kWideBlock) <= dtype_bytes(DType::q4_k, kWideBlock)) {
    return stored;
  }
  if (cols % kWideBlock == 0) return is_token_table(part) ? DType::q6_k : DType::q4_k;
  if (cols % kLowBitBlock == 0) return is_token_table(part) ? DType::q8_0 : DType::q4_0;
  return DType::bf16;
}

}  // namespace

DType held_type(Weights weights, Part part, DType stored, int64_t cols) noexcept {
  switch (weights) {
    case Weights::as_stored:
      return stored;
    case Weights::f32:
      return DType::f32;
    case Weights::bf16:
      return DType::bf16;
    case Weights::int8:
      return eight_bit_type(part, cols);
    case Weights::int4:
      return four_bit_type(part, stored, cols);
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

namespace {

/// One thread's part of the work.
class RowConverter {
 public:
  /// The scratch of one thread for rows of up to `cols` columns.
  static int64_t scratch_bytes(int64_t cols) {
    return ceil_div(cols * (kFloatBytes + kMaxBlockBytes * (1 + kStripRows)), kLineBytes) *
           kLineBytes;
  }

  RowConverter(const Matrix& source, const Matrix& target, std::byte* scratch)
      : source_(source),
        target_(target),
        dequantize_(
            kernels::select_kernels(Isa::best).matrix->dequantize[static_cast<int>(source.dtype)]),
        values_(reinterpret_cast<float*>(scratch)),
        stored_row_(scratch + source.cols * kFloatBytes),
        strip_rows_(stored_row_ + source.cols * kMaxBlockBytes) {}

  /// Rows [begin, end); in strips `begin` is a multiple of 16, and so is `end` but for the last.
  void convert(int64_t begin, int64_t end, std::byte* destination) {
    if (target_.layout == Layout::strips) {
      for (int64_t row = begin; row < end; row += kStripRows)
        convert_strip(row, std::min(kStripRows, end - row),
                      destination + row * target_.row_bytes());
    } else {
      for (int64_t row = begin; row < end; ++row)
        convert_row(row, destination + row * target_.row_bytes());
    }
  }

 private:
  static constexpr int64_t kFloatBytes = 4, kLineBytes = 64;
  /// No block format takes more for each element.
  static constexpr int64_t kMaxBlockBytes = 2;

  void convert_strip(int64_t first, int64_t rows, std::byte* strip) {
    const std::byte* in_rows = source_.row(first);
    if (source_.dtype != target_.dtype || source_.layout == Layout::strips) {
      for (int64_t r = 0; r < rows; ++r)
        convert_row(first + r, strip_rows_ + r * target_.row_bytes());
      in_rows = strip_rows_;
    }
    kernels::rows_to_strip(target_.dtype, in_rows, target_.row_bytes(), rows, target_.cols, strip);
  }

  void convert_row(int64_t row, std::byte* out) {
    const std::byte* stored = whole_row(source_, row, stored_row_);
    if (source_.dtype == target_.dtype) {
      std::memcpy(out, stored, static_cast<size_t>(target_.row_bytes()));
    } else {
      dequantize_(stored, values_, source_.cols);
      kernels::quantize_row(target_.dtype, values_, out, source_.cols);
    }
  }

  const Matrix &source_, &target_;
  kernels::MatrixKernels::Dequantize dequantize_;
  float* values_;
  std::byte *stored_row_, *strip_rows_;
};

}  // namespace

MatrixConverter::MatrixConverter(const ThreadScope& threads, int64_t widest_row, SourcePages pages,
                                 LoadProgress& progress)
    : threads_(threads),
      scratch_stride_(RowConverter::scratch_bytes(widest_row)),
      scratch_(static_cast<uint64_t>(scratch_stride_ * threads.threads()),
               "scratch for converting weights"),
      pages_(pages),
      progress_(progress),
      round_tasks_(threads.threads()) {}

void MatrixConverter::convert(const Matrix& source, const Matrix& target, std::byte* destination) {
  const int64_t task_rows =
      ceil_div(std::max<int64_t>(1, kTaskElements / source.cols), kStripRows) * kStripRows;

  for (int64_t first = 0, last = 0; first < source.rows; first = last) {
    const auto begin_time = std::chrono::steady_clock::now();
    last = std::min(first + task_rows * round_tasks_, source.rows);
    const int64_t tasks = ceil_div(last - first, task_rows);
    threads_.parallel_for(tasks, [&](int64_t task, int worker) {
      const int64_t begin = first + task * task_rows;
      RowConverter(source, target, scratch_.data() + worker * scratch_stride_)
          .convert(begin, std::min(begin + task_rows, last), destination);
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
