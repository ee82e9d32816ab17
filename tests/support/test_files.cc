#include "support/test_files.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace phi::test {

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.flush();
  if (!file) throw std::runtime_error(path + ": cannot be written");
}

std::vector<fs::path> sorted_entries(const std::string& folder) {
  std::vector<fs::path> entries;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "phi_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + ": cannot be made");
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void copy_model_folder(const std::string& folder, const std::string& destination) {
  fs::create_directories(destination);
  for (const fs::path& entry : sorted_entries(folder)) {
    const bool golden = entry.filename().string().starts_with("golden.");
    if (fs::is_regular_file(entry) && !golden)
      fs::copy_file(entry, fs::path(destination) / entry.filename());
  }
}

}  // namespace phi::test
