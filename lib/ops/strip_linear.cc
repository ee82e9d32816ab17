#include "ops/strip_linear.h"

#include <algorithm>
#include <array>

#include "base/checked.h"
#include "kernels/strip_layout.h"

namespace phi::ops {

namespace {

using kernels::activation_block_bytes;
using kernels::CodeForm;
using kernels::kBlockColumns;
using kernels::kFewRows;
using kernels::kMaxFewRows;
using kernels::kPanelOutputs;
using kernels::kPanelStrips;
using kernels::kTileRows;
using kernels::ScaleColumns;

/// A pass over one or two rows hands out about this much weight memory as one task, one over more
/// rows as much less as they are more: some 20 microseconds.
constexpr int64_t kTaskBytes = 512 * 1024;

/// Up to this many rows go through a strip tile after tile while it is in the caches; more are
/// worth unpacking it for.
constexpr int64_t kMaxStreamedRows = 32;

/// Panels that one task of a pass over many rows works on: their sums of 512 rows stay in the
/// level-2 cache beside a block of activations.
constexpr int64_t kMaxPanels = 4;
constexpr int64_t kTasksPerThread = 8;

/// Products that one task works on where runs are sliced: about a millisecond of them.
constexpr int64_t kMaxSlicedProducts = 160'000'000;

/// Numbers that one task quantises, about: some microseconds, less than waking a thread is worth.
constexpr int64_t kQuantizeNumbers = 32 * 1024;

constexpr size_t index_of(int64_t rows) {
  size_t i = 0;
  while (kFewRows[i] < rows) ++i;
  return i;
}

/// How activations are quantised, and by which kernels they are multiplied. Weights that take the
/// same kind share them.
struct ActivationKind {
  ScaleColumns scale_columns;
  kernels::CodeRange code_range;
  bool is_paired, is_fast;

  bool operator==(const ActivationKind&) const = default;
};

ActivationKind activation_kind(DType weights, const kernels::StripKernels& kernels,
                               Precision precision) {
  // Kernels may have nothing faster for a type than its exact panels.
  const bool is_fast = precision == Precision::fast &&
                       kernels.multiply_panel_fast[static_cast<int>(weights)] != nullptr;
  return {.scale_columns = is_fast ? kernels::fast_scale_columns(weights)
                                   : kernels::default_scale_columns(weights),
          .code_range = kernels::code_range(weights),
          .is_paired = kernels.has_pairs && kernels::may_be_paired(weights),
          .is_fast = is_fast};
}

/// How the rows lie in the activation blocks.
struct Tiling {
  Tiling(int64_t rows, const ActivationKind& kind)
      // Streamed strips scale as often as exact panels, so fast passes unpack them for any number
      // of rows.
      : is_streamed(rows <= kMaxStreamedRows && !kind.is_fast),
        tiles(ceil_div(rows, is_streamed ? kMaxFewRows : kTileRows)),
        tile_rows(is_streamed ? kFewRows[index_of(ceil_div(rows, tiles))] : kTileRows),
        form(form_of(kind)) {}
  int64_t tile_bytes() const { return activation_block_bytes(tile_rows); }
  int64_t block_stride() const { return tiles * tile_bytes(); }

  bool is_streamed;
  int64_t tiles, tile_rows;
  CodeForm form;

 private:
  CodeForm form_of(const ActivationKind& kind) const {
    if (is_streamed && tile_rows < kernels::kMinPairedRows) return CodeForm::as_is;
    if (kind.is_paired) return CodeForm::for_pairs;
    return is_streamed ? CodeForm::as_is : CodeForm::for_panels;
  }
};

int64_t strips_of(const StripPart& part) { return ceil_div(part.rows, kStripRows); }

/// One call for the parts that take activations of one kind.
class StripPass {
 public:
  StripPass(std::span<const StripPart> parts, const StripCall& call, const LinearRows& rows,
            const ActivationKind& kind, const RunContext& run)
      : parts_(parts),
        call_(call),
        rows_(rows),
        kind_(kind),
        run_(run),
        tiling_(rows.rows, kind),
        panels_per_task_(panels_per_task()) {}

  void run() const {
    quantize();
    int64_t total = 0;
    for (const StripPart& part : parts_) total += tasks_of(part);
    run_.parallel_for(total, [&](int64_t task, int worker) {
      if (run_.stopped()) return;
      const StripPart* part = parts_.data();
      for (; task >= tasks_of(*part); ++part) task -= tasks_of(*part);
      if (tiling_.is_streamed) {
        stream_strips(*part, task);
      } else {
        multiply_panels(*part, task, worker);
      }
    });
  }

 private:
  int64_t strips_per_task(const StripPart& part) const {
    if (!tiling_.is_streamed) return panels_per_task_ * kPanelStrips;
    const int64_t strip_bytes = kernels::strip_bytes(part.dtype, call_.cols);
    return std::max<int64_t>(1, kTaskBytes / (strip_bytes * ceil_div(rows_.rows, 2)));
  }
  /// As many as make sense, but enough tasks for all threads to be busy to the end.
  int64_t panels_per_task() const {
    int64_t panels = 0;
    for (const StripPart& part : parts_) panels += ceil_div(strips_of(part), kPanelStrips);
    int64_t wanted = panels / (kTasksPerThread * run_.threads.threads());
    if (run_.is_sliced()) {
      wanted = std::min(wanted, kMaxSlicedProducts / (rows_.rows * call_.cols * kPanelOutputs));
    }
    return std::clamp<int64_t>(wanted, 1, kMaxPanels);
  }
  /// None for parts that take another kind of activations.
  int64_t tasks_of(const StripPart& part) const {
    if (activation_kind(part.dtype, call_.kernels, rows_.precision) != kind_) return 0;
    return ceil_div(strips_of(part), strips_per_task(part));
  }

  /// Columns of one task of quantising: whole blocks, and where there is one tile only, a share of
  /// it for every thread.
  int64_t columns_to_quantize() const {
    const int64_t blocks = ceil_div(call_.cols, kBlockColumns), threads = run_.threads.threads();
    int64_t pieces = ceil_div(call_.cols * tiling_.tile_rows, kQuantizeNumbers);
    if (pieces > 1 && tiling_.tiles == 1) pieces = round_up_to(pieces, threads);
    return ceil_div(blocks, pieces) * kBlockColumns;
  }

  void quantize() const {
    const int64_t piece_columns = columns_to_quantize();
    const int64_t pieces = ceil_div(call_.cols, piece_columns);
    run_.parallel_for(tiling_.tiles * pieces, [&](int64_t task, int) {
      if (run_.stopped()) return;
      const int64_t tile = task / pieces, column = task % pieces * piece_columns;
      const int64_t first_row = tile * tiling_.tile_rows;
      call_.kernels.quantize_rows({.x = rows_.x + first_row * rows_.x_stride + column,
                                   .x_stride = rows_.x_stride,
                                   .rows = std::min(tiling_.tile_rows, rows_.rows - first_row),
                                   .cols = std::min(piece_columns, call_.cols - column),
                                   .scale_columns = kind_.scale_columns,
                                   .code_range = kind_.code_range,
                                   .form = tiling_.form,
                                   .block_rows = tiling_.tile_rows,
                                   .blocks = call_.scratch.input +
                                             column / kBlockColumns * tiling_.block_stride() +
                                             tile * tiling_.tile_bytes(),
                                   .block_stride = tiling_.block_stride()});
    });
  }

  /// Every strip of the task meets one tile of rows after the other.
  void stream_strips(const StripPart& part, int64_t task) const {
    const auto multiply =
        call_.kernels.multiply_strip[static_cast<int>(part.dtype)][index_of(tiling_.tile_rows)];
    const int64_t bytes = kernels::strip_bytes(part.dtype, call_.cols);
    const int64_t first = task * strips_per_task(part),
                  end = std::min(strips_of(part), first + strips_per_task(part));
    alignas(64) std::array<float, kMaxFewRows * kStripRows> sums;
    for (int64_t strip = first; strip < end; ++strip) {
      for (int64_t tile = 0; tile < tiling_.tiles; ++tile) {
        multiply({part.data + strip * bytes, call_.scratch.input + tile * tiling_.tile_bytes(),
                  tiling_.block_stride(), call_.cols, sums.data()});
        const int64_t row = tile * tiling_.tile_rows;
        store(part, strip * kStripRows, {sums.data(), kStripRows},
              {row, std::min(rows_.rows, row + tiling_.tile_rows)});
      }
    }
  }

  /// Some panels of two strips each, block by block, so that a block of activations is read from
  /// afar once for all of them.
  void multiply_panels(const StripPart& part, int64_t task, int worker) const {
    const auto& kernels_by_type =
        kind_.is_fast ? call_.kernels.multiply_panel_fast : call_.kernels.multiply_panel;
    const auto multiply = kernels_by_type[static_cast<int>(part.dtype)];
    const int64_t bytes = kernels::strip_bytes(part.dtype, call_.cols);
    const int64_t first = task * strips_per_task(part),
                  end = std::min(strips_of(part), first + strips_per_task(part));
    std::byte* scratch = call_.scratch.workers + worker * call_.scratch.worker_stride;
    const int64_t panel_sums = tiling_.tiles * kTileRows * kPanelOutputs;
    auto* const all_sums = reinterpret_cast<float*>(scratch + kernels::kPanelScratchBytes);

    for (int64_t column = 0; column < call_.cols; column += kBlockColumns) {
      if (run_.stopped()) return;
      const int64_t block = column / kBlockColumns;
      const int64_t groups = std::min(kBlockColumns, call_.cols - column) / 32;
      float* sums = all_sums;
      for (int64_t strip = first; strip < end; strip += kPanelStrips, sums += panel_sums) {
        const std::byte* at_block =
            part.data + strip * bytes + kernels::strip_bytes(part.dtype, column);
        multiply({.strips = {at_block, strip + 1 < end ? at_block + bytes : at_block},
                  .activations = call_.scratch.input + block * tiling_.block_stride(),
                  .tiles = tiling_.tiles,
                  .groups = groups,
                  .scratch = scratch,
                  .sums = sums,
                  .is_first = column == 0});
      }
    }
    const float* sums = all_sums;
    for (int64_t strip = first; strip < end; strip += kPanelStrips, sums += panel_sums)
      store(part, strip * kStripRows, {sums, kPanelOutputs}, {0, rows_.rows});
  }

  struct Results {
    const float* sums;  ///< [rows, width]
    int64_t width;
  };
  struct RowRange {
    int64_t begin, end;
  };

  /// Outputs [first, first + width) of a part, those that exist, to y.
  void store(const StripPart& part, int64_t first, const Results& results,
             const RowRange& rows) const {
    const int64_t count = std::min(results.width, part.rows - first);
    const int64_t output = part.first_output + first;
    const float* bias = call_.bias == nullptr ? nullptr : call_.bias + output;
    const float* sums = results.sums;
    for (int64_t r = rows.begin; r < rows.end; ++r, sums += results.width) {
      float* y = rows_.y + r * rows_.y_stride + output;
      for (int64_t i = 0; i < count; ++i) {
        const float value = bias == nullptr ? sums[i] : sums[i] + bias[i];
        y[i] = call_.store == Store::add ? y[i] + value : value;
      }
    }
  }

  std::span<const StripPart> parts_;
  const StripCall& call_;
  const LinearRows& rows_;
  ActivationKind kind_;
  const RunContext& run_;
  Tiling tiling_;
  int64_t panels_per_task_;
};

}  // namespace

uint64_t strip_input_bytes(int64_t rows, int64_t cols) {
  const int64_t filled_up = round_up_to(rows, kMaxFewRows);
  return static_cast<uint64_t>(ceil_div(cols, kBlockColumns) * activation_block_bytes(filled_up));
}

uint64_t strip_worker_bytes(int64_t rows) {
  const int64_t filled_up = round_up_to(rows, kMaxFewRows);
  return static_cast<uint64_t>(kernels::kPanelScratchBytes +
                               kMaxPanels * filled_up * kPanelOutputs * 4);
}

void multiply_strips(std::span<const StripPart> parts, const StripCall& call,
                     const LinearRows& rows, const RunContext& run) {
  const auto kind_of = [&](const StripPart& part) {
    return activation_kind(part.dtype, call.kernels, rows.precision);
  };
  for (auto part = parts.begin(); part != parts.end(); ++part) {
    const ActivationKind kind = kind_of(*part);
    const auto is_alike = [&](const StripPart& other) { return kind_of(other) == kind; };
    if (std::none_of(parts.begin(), part, is_alike)) StripPass(parts, call, rows, kind, run).run();
  }
}

}  // namespace phi::ops
