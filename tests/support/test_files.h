/// Small helpers around files and folders that tests read, copy and damage.
#ifndef PHI_SUPPORT_TEST_FILES_H_
#define PHI_SUPPORT_TEST_FILES_H_

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phi::test {

/// The whole file, or std::runtime_error.
std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view bytes);

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Entries of a folder in the order of their names; empty if there is no such folder.
std::vector<std::filesystem::path> sorted_entries(const std::string& folder);

/// A folder of its own in the system's temporary folder, removed with everything in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// Copies the files of `folder`, without its sub-folders and golden files, into `destination`,
/// which is made.
void copy_model_folder(const std::string& folder, const std::string& destination);

}  // namespace phi::test

#endif  // PHI_SUPPORT_TEST_FILES_H_
