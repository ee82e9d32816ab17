#include "ops/linear.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"
#include "ops/gemm_kernels.h"

namespace phi::ops {

namespace {

using kernels::kActivationGroup;
using kernels::kPanelRows;

constexpr int64_t kDepth = GemmKernels::kDepth;
constexpr int64_t kRowStep = GemmKernels::kRowStep;

/// Columns of a panel that are unpacked to f32 at a time: a whole number of blocks of every format.
constexpr int64_t kUnpackColumns = 256;
static_assert(kDepth % kUnpackColumns == 0);

/// Decode hands out about this much weight memory as one task: some 20 microseconds.
constexpr int64_t kTaskBytes = 512 * 1024;

/// The memory of one worker, in this order.
struct WorkerLayout {
  static constexpr int64_t kUnpacked = kPanelRows * kUnpackColumns * 4;
  static constexpr int64_t kPanel = kPanelRows * kDepth * 4;
  static constexpr int64_t tile(int64_t max_rows) {
    return round_up_to(max_rows, kRowStep) * kPanelRows * 4;
  }
  static int64_t total(int64_t max_rows) {
    const int64_t plain = kUnpacked + kPanel + GemmKernels::kScratchpadBytes + tile(max_rows);
    return std::max(plain, round_up_to(static_cast<int64_t>(strip_worker_bytes(max_rows)), 64));
  }
};

/// The converted input of one pass: bf16 for all rows at once, or f32 for half of them, or 8-bit
/// blocks.
int64_t converted_bytes(int64_t max_rows, int64_t max_in) {
  const int64_t plain =
      round_up_to(max_in, kDepth) * std::max(round_up_to(max_rows, kRowStep) * 2, kRowStep * 4);
  return std::max(plain,
                  round_up_to(static_cast<int64_t>(strip_input_bytes(max_rows, max_in)), 64));
}

/// Asks for memory that will be read after this panel's other rows; 64 rows at once are too many
/// streams for the hardware to see.
inline __attribute__((always_inline)) void prefetch(const std::byte* first, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(first + i, 0, 2);
}

/// Runs body(item, step of that item, worker) for all steps of all items as one parallel loop, so
/// that threads meet once.
template <class Items, class Steps, class Body>
void parallel_for_steps(const RunContext& run, const Items& items, Steps&& steps, Body&& body) {
  int64_t total = 0;
  for (const auto& item : items) total += steps(item);
  run.parallel_for(total, [&](int64_t task, int worker) {
    if (run.stopped()) return;
    auto item = items.begin();
    for (; task >= steps(*item); ++item) task -= steps(*item);
    body(*item, task, worker);
  });
}

/// Rows whose input fits into `bytes`, a multiple of kRowStep.
int64_t rows_per_pass(int64_t bytes, int64_t in, Arithmetic arithmetic) {
  return bytes / (round_up_to(in, kDepth) * element_bytes(arithmetic)) / kRowStep * kRowStep;
}

}  // namespace

uint64_t LinearScratch::size_bytes(int64_t max_rows, int64_t max_in, int threads) {
  return static_cast<uint64_t>(converted_bytes(max_rows, max_in) +
                               WorkerLayout::total(max_rows) * threads);
}

LinearScratch::LinearScratch(int64_t max_rows, int64_t max_in, int threads)
    : max_rows_(max_rows),
      max_in_(max_in),
      threads_(threads),
      input_bytes_(converted_bytes(max_rows, max_in)),
      worker_bytes_(WorkerLayout::total(max_rows)),
      buffer_(size_bytes(max_rows, max_in, threads), "scratch of matrix multiplications") {}

/// Some rows through the parts of one arithmetic.
struct Linear::Pass {
  Rows rows;
  Arithmetic arithmetic;
  Store store;
  LinearScratch& scratch;
  const RunContext& run;

  int64_t padded_rows() const { return round_up_to(rows.rows, kRowStep); }
  /// Inputs [block * kDepth, ...) of all rows, [padded_rows, kDepth].
  std::byte* input(int64_t block) const {
    return scratch.buffer_.data() + block * padded_rows() * kDepth * element_bytes(arithmetic);
  }
};

/// Some columns of the rows of one panel.
struct Linear::PanelPiece {
  const std::byte* block;  // of the first row
  int64_t rows, columns;
  float* unpacked;   // [64, kUnpackColumns]
  std::byte* panel;  // where these columns begin
};

Linear::Linear(std::span<const weights::Matrix> parts, std::vector<float> bias,
               const kernels::Kernels& kernels, std::shared_ptr<const GemmKernels> gemm)
    : bias_(std::move(bias)), kernels_(kernels), gemm_(std::move(gemm)) {
  for (const weights::Matrix& part : parts) {
    if (in_ != 0 && part.cols != in_) {
      fail(Code::internal, "tensor '", part.name, "': ", part.cols,
           " inputs beside parts that have ", in_);
    }
    in_ = part.cols;
    if (part.layout == Layout::strips) {
      if (kernels_.strips == nullptr) {
        fail(Code::internal, "tensor '", part.name,
             "': held in strips, which this processor has no ", "kernels for");
      }
      strip_parts_.push_back({part.dtype, part.data, part.rows, out_});
      out_ += part.rows;
      continue;
    }
    const int64_t rows_per_task =
        round_up_to(kTaskBytes / std::max<int64_t>(part.row_bytes(), 1) + 1, kPanelRows);
    parts_.push_back({part.dtype, gemm_->arithmetic(part.dtype), part.data, part.row_bytes(),
                      part.rows, out_, rows_per_task});
    out_ += part.rows;
  }
  if (!bias_.empty() && static_cast<int64_t>(bias_.size()) != out_) {
    fail(Code::internal, "tensor '", parts.front().name, "': bias of ", bias_.size(), " for ", out_,
         " outputs");
  }
}

Linear::~Linear() = default;
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;

void Linear::check_scratch(int64_t rows, const LinearScratch& scratch,
                           const RunContext& run) const {
  if (rows > scratch.max_rows_ || in_ > scratch.max_in_ ||
      run.threads.threads() > scratch.threads_) {
    fail(Code::invalid_argument, "scratch of matrix multiplications: made for ", scratch.max_rows_,
         " rows of ", scratch.max_in_, " and ", scratch.threads_, " threads, used for ", rows,
         " rows of ", in_, " and ", run.threads.threads(), " threads");
  }
}

// ---- weights in strips

void Linear::multiply_strip_parts(const Rows& rows, Store store, LinearScratch& scratch,
                                  const RunContext& run) const {
  if (strip_parts_.empty()) return;
  const StripCall call{
      .cols = in_,
      .bias = bias_.empty() ? nullptr : bias_.data(),
      .store = store,
      .kernels = *kernels_.strips,
      .scratch = {scratch.buffer_.data(), scratch.worker(0), scratch.worker_bytes_}};
  multiply_strips(strip_parts_, call, rows, run);
}

// ---- weights in rows, prompt processing

void Linear::prefill(const Rows& rows, Store store, LinearScratch& scratch,
                     const RunContext& run) const {
  check_scratch(rows.rows, scratch, run);
  multiply_strip_parts(rows, store, scratch, run);
  for (const Arithmetic arithmetic : {Arithmetic::f32, Arithmetic::bf16}) {
    const auto uses = [arithmetic](const Part& part) { return part.arithmetic == arithmetic; };
    if (!std::any_of(parts_.begin(), parts_.end(), uses)) continue;
    const int64_t step = rows_per_pass(scratch.input_bytes_, in_, arithmetic);
    for (int64_t first = 0; first < rows.rows; first += step) {
      const Rows some{rows.x + first * rows.x_stride, rows.x_stride, rows.y + first * rows.y_stride,
                      rows.y_stride, std::min(step, rows.rows - first)};
      prefill_pass({some, arithmetic, store, scratch, run});
    }
  }
}

void Linear::prefill_pass(const Pass& pass) const {
  load_input(pass);
  std::atomic<bool> failed{false};
  const auto panels = [&pass](const Part& part) {
    return part.arithmetic == pass.arithmetic ? ceil_div(part.rows, kPanelRows) : 0;
  };
  parallel_for_steps(pass.run, parts_, panels, [&](const Part& part, int64_t panel, int worker) {
    if (!multiply_panel(pass, part, panel, pass.scratch.worker(worker))) failed = true;
  });
  if (failed)
    fail(Code::out_of_memory, "matrix multiplication: oneDNN got no memory for its own needs");
}

/// Converts the input to what the multiplier takes, in blocks of kDepth inputs, with zeros in rows
/// and columns beyond the data.
void Linear::load_input(const Pass& pass) const {
  const int64_t size = element_bytes(pass.arithmetic);
  pass.run.parallel_for(ceil_div(pass.padded_rows(), kRowStep), [&](int64_t task, int) {
    if (pass.run.stopped()) return;
    for (int64_t r = task * kRowStep; r < (task + 1) * kRowStep; ++r) {
      const float* x = pass.rows.x + r * pass.rows.x_stride;
      for (int64_t k = 0; k < in_; k += kDepth) {
        std::byte* out = pass.input(k / kDepth) + r * kDepth * size;
        const int64_t count = r < pass.rows.rows ? std::min(kDepth, in_ - k) : 0;
        if (count > 0 && pass.arithmetic == Arithmetic::bf16) {
          kernels_.matrix->to_bf16(x + k, reinterpret_cast<uint16_t*>(out), count);
        } else if (count > 0) {
          std::memcpy(out, x + k, static_cast<size_t>(count * size));
        }
        std::memset(out + count * size, 0, static_cast<size_t>((kDepth - count) * size));
      }
    }
  });
}

/// Unpacks some columns of up to 64 rows of weights to what the multiplier takes.
void Linear::unpack_piece(const Part& part, const PanelPiece& piece,
                          Arithmetic arithmetic) const noexcept {
  const bool is_bf16 = arithmetic == Arithmetic::bf16;
  const kernels::MatrixKernels& kernels = *kernels_.matrix;
  const int64_t block_bytes = dtype_bytes(part.dtype, piece.columns);
  auto* const bf16_panel = reinterpret_cast<uint16_t*>(piece.panel);
  for (int64_t r = 0; r < piece.rows; ++r)
    prefetch(piece.block + r * part.row_bytes + block_bytes, block_bytes);
  if (part.dtype == DType::bf16 && is_bf16) {
    kernels.copy_panel_bf16(piece.block, part.row_bytes, piece.rows, piece.columns, bf16_panel);
    return;
  }
  const auto dequantize = kernels.dequantize[static_cast<int>(part.dtype)];
  for (int64_t r = 0; r < piece.rows; ++r)
    dequantize(piece.block + r * part.row_bytes, piece.unpacked + r * kUnpackColumns,
               piece.columns);
  if (is_bf16) {
    kernels.pack_panel_bf16(piece.unpacked, kUnpackColumns, piece.rows, piece.columns, bf16_panel);
  } else {
    kernels.pack_panel_f32(piece.unpacked, kUnpackColumns, piece.rows, piece.columns,
                           reinterpret_cast<float*>(piece.panel));
  }
}

/// 64 outputs of all rows of the pass.
bool Linear::multiply_panel(const Pass& pass, const Part& part, int64_t panel,
                            std::byte* worker) const noexcept {
  auto* unpacked = reinterpret_cast<float*>(worker);
  std::byte* packed = worker + WorkerLayout::kUnpacked;
  std::byte* scratchpad = packed + WorkerLayout::kPanel;
  auto* tile = reinterpret_cast<float*>(scratchpad + GemmKernels::kScratchpadBytes);

  const int64_t column_bytes = kPanelRows * element_bytes(pass.arithmetic);
  const int64_t first = panel * kPanelRows, count = std::min(kPanelRows, part.rows - first);

  std::memset(tile, 0, static_cast<size_t>(pass.padded_rows() * kPanelRows) * sizeof(float));
  bool done = true;
  for (int64_t k = 0; k < in_ && !pass.run.stopped(); k += kDepth) {
    const int64_t depth = std::min(kDepth, in_ - k),
                  padded = round_up_to(depth, GemmKernels::kDepthStep);
    if (padded != depth) std::memset(packed, 0, static_cast<size_t>(padded * column_bytes));
    for (int64_t c = 0; c < depth; c += kUnpackColumns) {
      const std::byte* block = part.data + first * part.row_bytes + dtype_bytes(part.dtype, k + c);
      const PanelPiece piece{block, count, std::min(kUnpackColumns, depth - c), unpacked,
                             packed + c * column_bytes};
      unpack_piece(part, piece, pass.arithmetic);
    }
    done = done && gemm_->multiply(pass.arithmetic, {pass.input(k / kDepth), packed, tile,
                                                     pass.padded_rows(), padded, scratchpad});
  }
  GemmKernels::release();
  store_panel(pass, part.first_output + first, count, tile);
  return done;
}

void Linear::store_panel(const Pass& pass, int64_t first, int64_t count,
                         const float* tile) const noexcept {
  const float* bias = bias_.empty() ? nullptr : bias_.data() + first;
  for (int64_t r = 0; r < pass.rows.rows; ++r, tile += kPanelRows) {
    float* y = pass.rows.y + r * pass.rows.y_stride + first;
    for (int64_t i = 0; i < count; ++i) {
      const float value = bias == nullptr ? tile[i] : tile[i] + bias[i];
      y[i] = pass.store == Store::add ? y[i] + value : value;
    }
  }
}

// ---- weights in rows, generation

void Linear::decode(const float* x, float* y, Store store, LinearScratch& scratch,
                    const RunContext& run) const {
  check_scratch(1, scratch, run);
  multiply_strip_parts({x, in_, y, out_, 1}, store, scratch, run);
  if (parts_.empty()) return;
  const int64_t padded = round_up_to(in_, kernels::kActivationTile);
  auto* codes = scratch.buffer_.as<int8_t>();
  auto* factors = reinterpret_cast<float*>(codes + 2 * padded);
  const kernels::Activation input{x, {codes, codes + padded, factors}};
  if (std::any_of(parts_.begin(), parts_.end(),
                  [](const Part& part) { return is_quantized(part.dtype); })) {
    run.once([&] { kernels_.matrix->quantize_activation(x, in_, input.q); });
  }

  const auto tasks = [](const Part& part) { return ceil_div(part.rows, part.rows_per_task); };
  parallel_for_steps(run, parts_, tasks, [&](const Part& part, int64_t task, int) {
    multiply_rows(part, task * part.rows_per_task, input, y, store);
  });
}

/// One task of decode.
void Linear::multiply_rows(const Part& part, int64_t first_row, const kernels::Activation& input,
                           float* y, Store store) const noexcept {
  const auto gemv = kernels_.matrix->gemv[static_cast<int>(part.dtype)];
  const int64_t end = std::min(part.rows, first_row + part.rows_per_task);
  for (int64_t row = first_row; row < end; row += kPanelRows) {
    const int64_t count = std::min(kPanelRows, end - row);
    float sum[kPanelRows];
    gemv(part.data + row * part.row_bytes, part.row_bytes, count, in_, &input, sum);
    const int64_t first = part.first_output + row;
    for (int64_t i = 0; i < count; ++i) {
      const float value = bias_.empty() ? sum[i] : sum[i] + bias_[static_cast<size_t>(first + i)];
      y[first + i] = store == Store::add ? y[first + i] + value : value;
    }
  }
}

}  // namespace phi::ops
