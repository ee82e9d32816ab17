/// Holding matrices in another type or layout than the file's: which type, and converting row by
/// row as the source streams past.
#ifndef PHI_WEIGHTS_CONVERSION_H_
#define PHI_WEIGHTS_CONVERSION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/dtype.h"
#include "base/parallel.h"
#include "phi/types.h"
#include "weights/tensor_names.h"
#include "weights/weight_store.h"

namespace phi::weights {

/// The type in which a matrix is held: what `weights` says, or BF16 where rows do not divide into
/// the blocks of a low-bit type. int8: Q8_256, the token tables Q8_0; Q8_0 where rows divide into
/// blocks of 32 only. int4: Q4_K, the token tables Q6_K; Q4_0 and Q8_0 where rows divide into
/// blocks of 32 only; what is stored in 4.5 bits or fewer stays.
DType held_type(Weights weights, Part part, DType stored, int64_t cols) noexcept;

/// The share of a load that is done, told to the application at most every 20 ms. Lives on the
/// calling thread.
class LoadProgress {
 public:
  /// Reports 0 at once, so that a load without conversions can be cancelled too. `keep_going` is
  /// borrowed.
  LoadProgress(const KeepGoing& keep_going, uint64_t total);
  /// Error{cancelled} when the application does not want to go on.
  void advance(uint64_t amount);

 private:
  using Clock = std::chrono::steady_clock;
  void report();

  const KeepGoing& keep_going_;
  uint64_t total_, done_ = 0;
  Clock::time_point last_report_;
};

/// May the pages of a converted source be given back to the system? Only where they can be read
/// from a file again.
enum class SourcePages : bool { keep, release };

/// Converts matrices one after the other, each in parallel over its rows.
class MatrixConverter {
 public:
  /// `widest_row`: most columns of any matrix to come. All references are borrowed.
  /// Error{out_of_memory}
  MatrixConverter(const ThreadScope& threads, int64_t widest_row, SourcePages pages,
                  LoadProgress& progress);

  /// Writes `source` in the type and layout of `target`, of the same shape; its columns are a
  /// multiple of the target's block. Error{cancelled}
  void convert(const Matrix& source, const Matrix& target, std::byte* destination);

 private:
  void adapt_round(int64_t tasks, std::chrono::steady_clock::duration taken);

  const ThreadScope& threads_;
  int64_t scratch_stride_;
  AlignedBuffer scratch_;  // per thread a row of floats, a row of blocks and the rows of a strip
  SourcePages pages_;
  LoadProgress& progress_;
  int64_t round_tasks_;  // tasks between two reports, adapted to the time that they take
};

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_CONVERSION_H_
