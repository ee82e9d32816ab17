#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"

namespace phi::io {

namespace {

constexpr uint64_t kHugePage = uint64_t{2} << 20;

[[noreturn]] void fail_errno(const std::string& path, const char* action, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    fail(Code::not_found, "file '", path, "' does not exist");
  }
  fail(Code::io, "file '", path, "': cannot ", action, ": ",
       std::generic_category().message(error));
}

/// Closes the descriptor; a mapping outlives it.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      // Non-blocking, so that a pipe without a writer is refused below and not waited for.
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd_ < 0) fail_errno(path, "open", errno);
  }
  ~OpenFile() { ::close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

uint64_t regular_file_size(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail_errno(path, "read its size", errno);
  if (!S_ISREG(status.st_mode)) fail(Code::io, "file '", path, "' is not a regular file");
  return static_cast<uint64_t>(status.st_size);
}

/// Maps at a 2 MiB boundary inside a larger reservation, then gives the reservation's ends back.
std::byte* map_aligned(int fd, uint64_t bytes) {
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t mapped = round_up(bytes, page);
  const uint64_t reserved = mapped + kHugePage;
  void* reservation =
      ::mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reservation == MAP_FAILED) return nullptr;
  auto* const start = static_cast<std::byte*>(reservation);
  const auto address = reinterpret_cast<uintptr_t>(start);
  const uint64_t before = round_up(address, kHugePage) - address;
  void* const data = ::mmap(start + before, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    ::munmap(start, reserved);
    errno = error;
    return nullptr;
  }
  if (before > 0) ::munmap(start, before);
  ::munmap(start + before + mapped, reserved - before - mapped);
  // Only advice: a kernel or file system without huge pages for files maps small ones.
  ::madvise(data, bytes, MADV_HUGEPAGE);
  return static_cast<std::byte*>(data);
}

std::byte* map_anywhere(int fd, uint64_t bytes) {
  void* const data = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  return data == MAP_FAILED ? nullptr : static_cast<std::byte*>(data);
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  const OpenFile file(path);
  const uint64_t bytes = regular_file_size(file.fd(), path);
  if (bytes == 0) return;
  data_ = bytes >= kHugePage ? map_aligned(file.fd(), bytes) : map_anywhere(file.fd(), bytes);
  if (data_ == nullptr) fail_errno(path, "map", errno);
  size_bytes_ = bytes;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_bytes_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

std::string read_text_file(const std::string& path, uint64_t max_bytes) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (bytes.size() > max_bytes) {
    fail(Code::bad_format, "file '", path, "' has ", bytes.size(), " bytes, at most ", max_bytes,
         " are accepted");
  }
  if (bytes.empty()) return {};
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace phi::io
