// Who may include whom. A new edge changes these tables in the commit that needs it.
#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "policy/source_tree.h"

namespace {

using namespace phi::test;

/// The layers that each layer of lib may include beside itself. docs/design.md draws the same
/// picture.
const std::map<std::string, std::set<std::string>> kLayers = {
    {"base", {}},
    {"io", {"base"}},
    {"text", {"base", "io"}},
    {"kernels", {"base"}},
    {"weights", {"base", "io", "kernels"}},
    {"ops", {"base", "kernels", "weights"}},
    {"model", {"base", "kernels", "weights", "ops"}},
    {"session", {"base", "kernels", "weights", "ops", "model", "text"}},
    {"api", {"base", "io", "text", "kernels", "weights", "ops", "model", "session"}},
};

/// Public headers that layers below api see: plain values and errors.
const std::set<std::string> kPlainHeaders = {"phi/error.h", "phi/types.h"};

/// Third-party headers, by the pattern of their names, and the files (pattern of their paths) that
/// may include them.
struct ThirdParty {
  const char* header;
  const char* allowed;
};
constexpr ThirdParty kThirdParty[] = {
    {"(oneapi/dnnl/)?dnnl.*", "lib/ops/.*"},
    {"(unsupported/)?Eigen/.*", "lib/(ops|session)/.*"},
    {"omp\\.h", "lib/(base|ops)/.*"},
    {"nlohmann/.*", "lib/io/json\\.cc|lib/text/chat_template\\.cc"},

    {"pcre2\\.h", "lib/text/[a-z0-9_]+\\.cc"},
    {"utf8proc\\.h", "lib/text/[a-z0-9_]+\\.cc"},
    {"xxhash\\.h", "lib/io/[a-z0-9_]+\\.cc"},
};
/// These are wrapped by one file each.
const std::set<std::string> kSeenOnce = {"pcre2\\.h", "utf8proc\\.h", "xxhash\\.h"};

/// The operating system and the compiler.
const std::regex kSystemHeader(
    "(linux/futex|sys/"
    "[a-z]+|unistd|fcntl|sched|pthread|immintrin|cpuid|x86intrin|arm_neon|stdlib|stdio|string|"
    "stdint|stddef|math)\\.h");
const std::regex kStandardHeader("[a-z0-9_]+");

std::string where(const SourceFile& file, const Include& include) {
  return file.path + ":" + std::to_string(include.line) + " includes " + include.name;
}

std::string layer_of(const std::string& path) {
  const size_t begin = std::string("lib/").size();
  return path.substr(begin, path.find('/', begin) - begin);
}

bool layer_may_include(const std::string& layer, const std::string& header) {
  if (header.starts_with("phi/")) return layer == "api" || kPlainHeaders.contains(header);
  const std::string other = header.substr(0, header.find('/'));
  return other == layer || kLayers.at(layer).contains(other);
}

}  // namespace

TEST_SUITE_BEGIN("includes");

TEST_CASE("every layer includes only what the table gives it") {
  int edges = 0;
  for (const SourceFile& file : source_files({"lib"})) {
    const std::string layer = layer_of(file.path);
    if (!kLayers.contains(layer)) {
      FAIL_CHECK(file.path << " is in no known layer");
      continue;
    }
    for (const Include& include : file.includes) {
      if (include.angled) continue;
      if (!layer_may_include(layer, include.name))
        FAIL_CHECK(where(file, include) << ": not an edge of the table");
      ++edges;
    }
  }
  CHECK(edges > 20);
}

TEST_CASE("public headers include the standard library and each other") {
  for (const SourceFile& file : source_files({"include"})) {
    for (const Include& include : file.includes) {
      const bool fine = include.angled ? std::regex_match(include.name, kStandardHeader)
                                       : include.name.starts_with("phi/");
      if (!fine) FAIL_CHECK(where(file, include));
    }
  }
}

TEST_CASE("the C API sees the public headers and itself") {
  std::set<std::string> own;
  for (const SourceFile& file : source_files({"capi/include", "capi/src"})) own.insert(file.name());
  for (const SourceFile& file : source_files({"capi/include", "capi/src"})) {
    for (const Include& include : file.includes) {
      const std::string name = include.name.substr(include.name.rfind('/') + 1);
      const bool fine = include.angled ? std::regex_match(include.name, kStandardHeader) ||
                                             name == "stddef.h" || name == "stdint.h"
                                       : include.name.starts_with("phi/") || own.contains(name);
      if (!fine) FAIL_CHECK(where(file, include));
      if (file.in("capi/include") && name != "stddef.h" && name != "stdint.h" && name != "phi.h") {
        FAIL_CHECK(where(file, include) << ": the C header needs stddef.h and stdint.h alone");
      }
    }
  }
}

TEST_CASE("third-party libraries are seen by the files that wrap them") {
  std::map<std::string, std::set<std::string>> wrappers;
  for (const SourceFile& file : source_files({"include", "lib", "capi/include", "capi/src"})) {
    for (const Include& include : file.includes) {
      if (!include.angled) continue;
      bool known = std::regex_match(include.name, kStandardHeader) ||
                   std::regex_match(include.name, kSystemHeader);
      for (const ThirdParty& library : kThirdParty) {
        if (!std::regex_match(include.name, std::regex(library.header))) continue;
        known = true;
        wrappers[library.header].insert(file.path);
        if (!std::regex_match(file.path, std::regex(library.allowed)))
          FAIL_CHECK(where(file, include));
      }
      if (!known) FAIL_CHECK(where(file, include) << ": an unknown header");
    }
  }
  for (const std::string& header : kSeenOnce) {
    CAPTURE(header);
    CHECK(wrappers[header].size() == 1);
  }
}

TEST_CASE("files of one instruction set use neither Eigen nor the standard library's templates") {
  // The linker keeps one copy of an inline function; it must not be the one that was compiled for
  // AVX-512.
  static const std::set<std::string> kHarmless = {"cstdint", "cstddef", "immintrin.h"};
  const std::regex one_set("lib/kernels/[a-z0-9_]+_(avx2|avx512|avx512_[a-z0-9]+|amx)\\.(cc|inc)");
  int seen = 0;
  for (const SourceFile& file : source_files({"lib/kernels"})) {
    if (!std::regex_match(file.path, one_set)) continue;
    ++seen;
    for (const Include& include : file.includes) {
      if (include.angled && !kHarmless.contains(include.name)) FAIL_CHECK(where(file, include));
    }
    for (size_t i = 0; i < file.lines.size(); ++i) {
      if (without_comments(file.lines[i]).find("std::") != std::string::npos)
        FAIL_CHECK(file.path << ":" << i + 1 << " uses std");
    }
  }
  CHECK(seen >= 2);
}

TEST_SUITE_END();
