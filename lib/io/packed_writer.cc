/// Writes the format that packed_file.cc describes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"
#include "io/content_hash.h"
#include "io/json.h"
#include "io/packed_file.h"
#include "io/packed_layout.h"

namespace phi::io {

namespace {

constexpr size_t kPieceBytes = size_t{8} << 20;

/// A new file beside its destination. Removed again unless it was moved into place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& destination) : destination_(destination) {
    constexpr int kNames = 100;  // some may be left over from a program that was killed
    for (int i = 0; i < kNames && fd_ < 0; ++i) {
      path_ = concat(destination, ".partial", i);
      fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd_ < 0 && errno != EEXIST) break;
    }
    if (fd_ < 0) fail_errno("create");
  }
  ~TemporaryFile() {
    ::close(fd_);
    if (!is_in_place_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void resize(uint64_t bytes) {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) fail_errno("resize");
  }

  void write(std::span<const std::byte> bytes, uint64_t offset) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_errno("write");
      bytes = bytes.subspan(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    }
  }

  /// On disk, out of the page cache (pages that a write left there would not be mapped huge), and
  /// under its final name.
  void move_into_place() {
    if (::fsync(fd_) != 0) fail_errno("write");
    ::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);
    if (::rename(path_.c_str(), destination_.c_str()) != 0) fail_errno("rename");
    is_in_place_ = true;
    sync_folder();
  }

 private:
  [[noreturn]] void fail_errno(const char* action) const {
    const int error = errno;
    fail(Code::io, "file '", path_, "': cannot ", action, ": ",
         std::generic_category().message(error));
  }

  /// Makes the new name survive a power failure; file systems that cannot do so say nothing of
  /// interest.
  void sync_folder() const noexcept {
    const size_t slash = destination_.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : destination_.substr(0, slash + 1);
    const int fd = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
  }

  std::string destination_, path_;
  int fd_ = -1;
  bool is_in_place_ = false;
};

/// Where everything goes. The table's length does not depend on the hashes, which are known last.
class PackedPlan {
 public:
  PackedPlan(std::span<const TensorEntry> tensors, const PackedTexts& texts)
      : tensors_(tensors), texts_(texts), hashes_(tensors.size()) {
    refuse_duplicate_names(tensors, "packed file");
    uint64_t end = 0;
    for (const TensorEntry& tensor : tensors) {
      check_bytes(tensor);
      offsets_.push_back(round_up(end, kPackedTensorAlignment));
      end = offsets_.back() + tensor.data.size();
    }
    const uint64_t header_end = sizeof(PackedPreamble) + header_bytes();
    data_begin_ = round_up(header_end, kPackedDataAlignment);
    file_bytes_ = end == 0 ? header_end : data_begin_ + end;
  }

  uint64_t file_bytes() const noexcept { return file_bytes_; }
  uint64_t tensor_begin(size_t i) const { return data_begin_ + offsets_[i]; }
  void set_hash(size_t i, const ContentHash& hash) { hashes_[i] = hash; }

  /// Preamble, table and texts, with the hashes set so far.
  std::string header() const {
    std::string text = table();
    PackedPreamble preamble{};
    std::memcpy(preamble.magic, kPackedMagic.data(), sizeof preamble.magic);
    preamble.version = kPackedVersion;
    preamble.layout = static_cast<uint32_t>(layout());
    preamble.table_bytes = text.size();
    for (const auto& [name, value] : texts_) text += value;
    preamble.texts_bytes = text.size() - preamble.table_bytes;
    preamble.file_bytes = file_bytes_;
    preamble.header_hash = packed_header_hash(preamble, std::as_bytes(std::span(text)));
    text.insert(0, reinterpret_cast<const char*>(&preamble), sizeof preamble);
    return text;
  }

 private:
  static void check_bytes(const TensorEntry& tensor) {
    const std::string what = concat("tensor '", printable(tensor.name), "'");
    if (tensor_bytes(tensor.dtype, tensor.shape, tensor.layout, what) != tensor.data.size()) {
      fail(Code::bad_format, what, ": ", tensor.data.size(), " bytes do not hold shape ",
           shape_string(tensor.shape), " of ", dtype_name(tensor.dtype));
    }
  }

  PackedLayout layout() const {
    const bool in_rows = std::ranges::all_of(
        tensors_, [](const TensorEntry& tensor) { return tensor.layout == Layout::rows; });
    return in_rows ? PackedLayout::rows : PackedLayout::named;
  }

  uint64_t header_bytes() const {
    uint64_t bytes = table().size();
    for (const auto& [name, value] : texts_) bytes += value.size();
    return bytes;
  }

  Json entry(size_t i) const {
    const TensorEntry& tensor = tensors_[i];
    Json::Array shape;
    for (const uint64_t extent : tensor.shape) shape.emplace_back(extent);
    JsonObject object;
    std::move(object)
        .add("name", Json(tensor.name))
        .add("dtype", Json(dtype_name(tensor.dtype)))
        .add("shape", Json(std::move(shape)));
    if (layout() == PackedLayout::named) {
      const bool in_rows = tensor.layout == Layout::rows;
      std::move(object).add("layout", Json(in_rows ? kRowsName : kStripsName));
    }
    return std::move(object)
        .add("offset", Json(offsets_[i]))
        .add("bytes", Json(uint64_t{tensor.data.size()}))
        .add("hash", Json(hexadecimal(hashes_[i])))
        .take();
  }

  std::string table() const {
    Json::Array texts, tensors;
    for (const auto& [name, value] : texts_) {
      texts.emplace_back(
          JsonObject().add("name", Json(name)).add("bytes", Json(uint64_t{value.size()})).take());
    }
    for (size_t i = 0; i < tensors_.size(); ++i) tensors.push_back(entry(i));
    return JsonObject()
        .add("texts", Json(std::move(texts)))
        .add("tensors", Json(std::move(tensors)))
        .take()
        .dump();
  }

  std::span<const TensorEntry> tensors_;
  const PackedTexts& texts_;
  std::vector<ContentHash> hashes_;
  std::vector<uint64_t> offsets_;  // in the data
  uint64_t data_begin_ = 0;
  uint64_t file_bytes_ = 0;
};

/// Tells how much is done after every piece.
class ProgressReport {
 public:
  ProgressReport(const PackedProgress& progress, std::span<const TensorEntry> tensors)
      : progress_(progress) {
    for (const TensorEntry& tensor : tensors) total_bytes_ += tensor.data.size();
  }
  void add(uint64_t bytes) {
    done_bytes_ += bytes;
    if (!progress_) return;
    const double done = static_cast<double>(done_bytes_) / static_cast<double>(total_bytes_);
    if (!progress_(done)) fail(Code::cancelled, "writing the packed file was cancelled");
  }

 private:
  const PackedProgress& progress_;
  uint64_t total_bytes_ = 0;
  uint64_t done_bytes_ = 0;
};

/// Writes and hashes in one pass over the source, which is read from disk only once.
ContentHash write_tensor(TemporaryFile& file, std::span<const std::byte> data, uint64_t offset,
                         ProgressReport& report) {
  ContentHasher hasher;
  while (!data.empty()) {
    const auto piece = data.first(std::min(data.size(), kPieceBytes));
    hasher.update(piece);
    file.write(piece, offset);
    report.add(piece.size());
    offset += piece.size();
    data = data.subspan(piece.size());
  }
  return hasher.digest();
}

}  // namespace

void write_packed(const std::string& path, std::span<const TensorEntry> tensors,
                  const PackedTexts& texts, const PackedProgress& progress) {
  PackedPlan plan(tensors, texts);
  ProgressReport report(progress, tensors);
  TemporaryFile file(path);
  file.resize(plan.file_bytes());
  for (size_t i = 0; i < tensors.size(); ++i) {
    plan.set_hash(i, write_tensor(file, tensors[i].data, plan.tensor_begin(i), report));
  }
  const std::string header = plan.header();
  file.write(std::as_bytes(std::span(header)), 0);
  file.move_into_place();
}

}  // namespace phi::io
