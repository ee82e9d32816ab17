#include "policy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>

#include "support/test_files.h"

namespace phi::test {

namespace fs = std::filesystem;

namespace {

SourceFile read_source(const fs::path& file, const fs::path& top) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  SourceFile source{.path = fs::relative(file, top).generic_string(), .lines = {}, .includes = {}};
  std::istringstream text(read_file(file.string()));
  for (std::string line; std::getline(text, line);) {
    source.lines.push_back(line);
    std::smatch found;
    if (std::regex_search(line, found, kInclude)) {
      source.includes.push_back({found[2], found[1] == "<", static_cast<int>(source.lines.size())});
    }
  }
  return source;
}

}  // namespace

std::vector<SourceFile> source_files(const std::vector<std::string>& folders) {
  const fs::path top = PHI_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    if (!fs::exists(top / folder)) continue;
    for (auto entry = fs::recursive_directory_iterator(top / folder);
         entry != fs::recursive_directory_iterator(); ++entry) {
      const std::string name = entry->path().filename().string();
      if (entry->is_directory() &&
          (name.starts_with("build") || name.starts_with('.') || name == "data")) {
        entry.disable_recursion_pending();
      }
      const std::string extension = entry->path().extension().string();
      const bool wanted =
          extension == ".h" || extension == ".c" || extension == ".cc" || extension == ".inc";
      if (entry->is_regular_file() && wanted) files.push_back(read_source(entry->path(), top));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string without_comments(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.compare(i, 2, "/*") == 0) {
      const size_t end = text.find("*/", i + 2);
      i = end == std::string::npos ? text.size() : end + 2;
      out += ' ';
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace phi::test
