/// The project's own C and C++ files, as the policy tests read them.
#ifndef PHI_POLICY_SOURCE_TREE_H_
#define PHI_POLICY_SOURCE_TREE_H_

#include <string>
#include <vector>

namespace phi::test {

struct Include {
  std::string name;  ///< without brackets or quotes
  bool angled = false;
  int line = 0;
};

struct SourceFile {
  std::string path;  ///< from the top of the project: "lib/io/json.cc"
  std::vector<std::string> lines;
  std::vector<Include> includes;

  std::string name() const { return path.substr(path.rfind('/') + 1); }
  std::string folder() const { return path.substr(0, path.rfind('/')); }
  bool in(const std::string& folder) const { return path.starts_with(folder + "/"); }
};

/// Every .h, .c, .cc and .inc below the given folders of the project, in order of path. Build
/// folders are left out.
std::vector<SourceFile> source_files(const std::vector<std::string>& folders);

/// Text without comments; string literals stay.
std::string without_comments(const std::string& text);

}  // namespace phi::test

#endif  // PHI_POLICY_SOURCE_TREE_H_
