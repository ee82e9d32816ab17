/// A file's bytes, read-only, mapped into memory.
///
/// Files of 2 MiB and more are mapped at a 2 MiB boundary and huge pages are asked for before the
/// first touch, so that whatever lies at a multiple of 2 MiB in the file can be read through one
/// page-table entry. The file must not shrink while it is mapped: reading a page that is gone ends
/// the process (SIGBUS).
#ifndef PHI_IO_MAPPED_FILE_H_
#define PHI_IO_MAPPED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace phi::io {

/// Move-only. The bytes stay valid for the object's life and where they are when it moves; pages
/// are shared with other processes that map the same file. Any number of threads may read.
class MappedFile {
 public:
  /// Error{not_found} if there is no such file, Error{io} if it is not a regular file or cannot be
  /// mapped.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const noexcept { return {data_, size_bytes_}; }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  const std::byte* data_ = nullptr;  // null when the file is empty
  uint64_t size_bytes_ = 0;
};

/// The whole text of a small file. Error{not_found, io}; Error{bad_format} above max_bytes.
std::string read_text_file(const std::string& path, uint64_t max_bytes);

/// The last component of a path: how messages about a file's content call it.
std::string file_name(const std::string& path);

}  // namespace phi::io

#endif  // PHI_IO_MAPPED_FILE_H_
