/// Where tests find their data, and how they say what they skipped.
#ifndef PHI_SUPPORT_TEST_PATHS_H_
#define PHI_SUPPORT_TEST_PATHS_H_

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

namespace phi::test {

/// A file or folder that the project carries: "golden/data/c1_phi4".
inline std::string test_data(const std::string& relative) {
  return std::string(PHI_TEST_SOURCE_DIR) + "/" + relative;
}

/// A file or folder of PHI_EXTERNAL_TESTDATA, or nothing after a line that says what is skipped.
inline std::optional<std::string> external_data(const std::string& relative) {
  const std::string folder = PHI_TEST_EXTERNAL_DATA;
  if (!folder.empty() && std::filesystem::exists(folder + "/" + relative))
    return folder + "/" + relative;
  std::printf("skipped: %s is not there (PHI_EXTERNAL_TESTDATA=%s)\n", relative.c_str(),
              folder.empty() ? "unset" : folder.c_str());
  return std::nullopt;
}

}  // namespace phi::test

#endif  // PHI_SUPPORT_TEST_PATHS_H_
