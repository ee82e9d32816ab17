// Names, sizes and the places of conditional compilation.
#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "policy/source_tree.h"

namespace {

using namespace phi::test;

std::vector<SourceFile> all_sources() {
  return source_files({"include", "lib", "capi", "examples", "bench", "tests"});
}

/// Files that may ask what they are compiled for, beside include guards and C++ in C headers.
const std::set<std::string> kConditional = {
    "lib/base/cpu.cc",
    "lib/base/parallel.h",
    "lib/io/mapped_file.cc",
    "lib/kernels/dispatch.cc",
};

bool is_guard(const SourceFile& file, size_t line) {
  static const std::regex kGuard(R"(#ifndef PHI_[A-Z0-9_]+_H_)");
  return std::regex_match(file.lines[line], kGuard) && line + 1 < file.lines.size() &&
         file.lines[line + 1].starts_with("#define PHI_");
}

}  // namespace

TEST_SUITE_BEGIN("files");

TEST_CASE("no two files have the same name") {
  std::map<std::string, std::string> seen;
  for (const SourceFile& file : all_sources()) {
    const auto [other, is_new] = seen.emplace(file.name(), file.path);
    if (!is_new) FAIL_CHECK(file.path << " has the name of " << other->second);
  }
  CHECK(seen.size() > 50);
}

TEST_CASE("names are snake_case") {
  const std::regex snake("[a-z0-9_]+\\.(h|c|cc|inc)");
  for (const SourceFile& file : all_sources()) {
    if (!std::regex_match(file.name(), snake)) FAIL_CHECK(file.path);
  }
}

TEST_CASE("long files are listed, very long ones refused") {
  constexpr size_t kLong = 500, kVeryLong = 800;
  for (const SourceFile& file :
       source_files({"include", "lib", "capi/include", "capi/src", "examples", "bench"})) {
    if (file.lines.size() > kLong) MESSAGE(file.path << " has " << file.lines.size() << " lines");
    CHECK_MESSAGE(file.lines.size() <= kVeryLong, file.path);
  }
}

TEST_CASE("every header has the guard of its path and says what it is") {
  for (const SourceFile& file : source_files({"include/phi", "lib"})) {
    if (!file.name().ends_with(".h")) continue;
    CAPTURE(file.path);
    CHECK(file.lines.front().starts_with("///"));
    std::string guard = file.in("include/phi")
                            ? "PHI_"
                            : "PHI_" + file.path.substr(4, file.path.rfind('/') - 4) + "_";
    guard += file.name().substr(0, file.name().size() - 2) + "_H_";
    for (char& c : guard) {
      c = c == '/' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    bool found = false;
    for (const std::string& line : file.lines) found = found || line == "#ifndef " + guard;
    CHECK_MESSAGE(found, "guard " << guard);
  }
}

TEST_CASE("conditional compilation stays where the platform is asked about") {
  static const std::regex kCondition(R"(^\s*#\s*(if|ifdef|ifndef|elif)\b.*)");
  for (const SourceFile& file : source_files({"include/phi", "lib", "capi/src"})) {
    if (kConditional.contains(file.path)) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      if (std::regex_match(file.lines[i], kCondition) && !is_guard(file, i))
        FAIL_CHECK(file.path << ":" << i + 1 << " " << file.lines[i]);
    }
  }
}

TEST_SUITE_END();
