// What the compiled library asks of its host and offers to it: imports and globals of every object,
// exports of libphi.so.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "policy/source_tree.h"
#include "support/child_process.h"
#include "support/test_files.h"

namespace {

using namespace phi::test;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string tool_output(const std::vector<std::string>& command) {
  const ChildResult result = run_child(command);
  REQUIRE_MESSAGE(result.exit_code == 0, command[0] << ": " << result.output);
  return result.output;
}

std::vector<std::string> objects() {
  std::vector<std::string> paths;
  for (const std::string& path : split(read_file(PHI_OBJECT_LIST), '\n')) {
    if (path.ends_with(".o")) paths.push_back(path);
  }
  return paths;
}

struct Symbol {
  std::string name, section;
  char kind = ' ';  // as nm prints it
};

std::vector<Symbol> read_symbols(const std::string& object) {
  std::vector<Symbol> symbols;
  for (const std::string& line : split(tool_output({PHI_NM, "--format=sysv", object}), '\n')) {
    const std::vector<std::string> fields = split(line, '|');
    if (fields.size() < 7 || fields[0] == "Name") continue;
    const std::string kind = trimmed(fields[2]);
    symbols.push_back({trimmed(fields[0]), trimmed(fields[6]), kind.empty() ? ' ' : kind[0]});
  }
  return symbols;
}

const std::vector<Symbol>& symbols_of(const std::string& object) {
  static std::map<std::string, std::vector<Symbol>> known;
  const auto [entry, is_new] = known.try_emplace(object);
  if (is_new) entry->second = read_symbols(object);
  return entry->second;
}

/// Functions that end the process, print, or change what belongs to the host.
const std::set<std::string> kForbidden = {
    // ends the process
    "abort",
    "exit",
    "_exit",
    "_Exit",
    "quick_exit",
    "__assert_fail",
    "raise",
    "kill",
    // prints
    "printf",
    "fprintf",
    "vprintf",
    "vfprintf",
    "dprintf",
    "vdprintf",
    "puts",
    "fputs",
    "putchar",
    "putc",
    "fputc",
    "perror",
    "__printf_chk",
    "__fprintf_chk",
    "__vprintf_chk",
    "__vfprintf_chk",
    "_ZSt4cout",
    "_ZSt4cerr",
    "_ZSt4clog",
    "_ZSt3cin",
    "_ZNSt8ios_base4InitC1Ev",
    // asks the environment
    "getenv",
    "secure_getenv",
    "setenv",
    "putenv",
    "unsetenv",
    // process-wide state
    "setlocale",
    "uselocale",
    "signal",
    "sigaction",
    "sigprocmask",
    "fesetround",
    "fesetenv",
    "feenableexcept",
    "umask",
    "chdir",
    "omp_set_num_threads",
    "omp_set_dynamic",
    "omp_set_nested",
    "omp_set_max_active_levels",
    "omp_set_schedule",
    // hidden state
    "rand",
    "srand",
    "random",
    "srandom",
    "drand48",
    "strtok",
    "_ZNSt13random_device9_M_getvalEv",
    // other programs and machines
    "system",
    "popen",
    "fork",
    "execve",
    "socket",
    "connect",
    // unbounded text
    "sprintf",
    "vsprintf",
    "strcpy",
    "strcat",
    "gets",
};

/// Globals that are written once and why that is harmless; patterns of mangled names.
struct Allowed {
  const char* symbol;
  const char* reason;
};
constexpr Allowed kAllowedGlobals[] = {
    {"DW\\.ref\\..*", "addresses that the exception tables refer to"},
    {"_ZN.*[0-9]k[A-Z][A-Za-z0-9]*E",
     "constexpr tables of addresses: GCC puts a std::array into .data.rel.local"},
};

bool is_allowed(const std::string& symbol) {
  static const std::vector<std::regex> patterns = [] {
    std::vector<std::regex> compiled;
    for (const Allowed& allowed : kAllowedGlobals) compiled.emplace_back(allowed.symbol);
    return compiled;
  }();
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::regex& pattern) { return std::regex_match(symbol, pattern); });
}

bool is_writable(const std::string& section) {
  if (section.starts_with(".data.rel.ro")) return false;  // constants that hold addresses
  return section.starts_with(".data") || section.starts_with(".bss") ||
         section.starts_with(".tdata") || section.starts_with(".tbss") || section == "*COM*";
}

std::set<std::string> functions_of_headers() {
  std::set<std::string> names;
  std::string text;
  for (const char* header : {"phi.h", "phi_experimental.h"})
    text += without_comments(read_file(std::string(PHI_SOURCE_DIR) + "/capi/include/" + header));
  const std::regex function(R"(\b(phi_[a-z0-9_]+)\s*\()");
  for (auto found = std::sregex_iterator(text.begin(), text.end(), function);
       found != std::sregex_iterator(); ++found) {
    names.insert((*found)[1]);
  }
  return names;
}

std::set<std::string> symbols_of_map() {
  std::set<std::string> names;
  const std::string text =
      without_comments(read_file(std::string(PHI_SOURCE_DIR) + "/capi/libphi.map"));
  const std::regex name(R"(\b(phi_[a-z0-9_]+)\s*;)");
  for (auto found = std::sregex_iterator(text.begin(), text.end(), name);
       found != std::sregex_iterator(); ++found) {
    names.insert((*found)[1]);
  }
  return names;
}

std::set<std::string> exports_of_library() {
  std::set<std::string> names;
  for (const std::string& line :
       split(tool_output({PHI_NM, "-D", "--defined-only", "--format=posix", PHI_LIBRARY}), '\n')) {
    const std::vector<std::string> fields = split(line, ' ');
    if (fields.size() < 2 || fields[1] == "A") continue;  // A: the name of a version
    names.insert(fields[0].substr(0, fields[0].find('@')));
  }
  return names;
}

std::string difference(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::string text;
  for (const std::string& name : a) {
    if (!b.contains(name)) text += " " + name;
  }
  return text;
}

}  // namespace

TEST_SUITE_BEGIN("symbols");

TEST_CASE("no object ends the process, prints, or touches what is the host's") {
  if (kSanitized) {
    MESSAGE("skipped: sanitizers add calls and globals of their own");
    return;
  }
  CHECK(objects().size() > 40);
  for (const std::string& object : objects()) {
    for (const Symbol& symbol : symbols_of(object)) {
      if (symbol.kind == 'U' && kForbidden.contains(symbol.name))
        FAIL_CHECK(object << " calls " << symbol.name);
    }
  }
}

TEST_CASE("no object has a writable global") {
  if (kSanitized) return;
  for (const std::string& object : objects()) {
    for (const Symbol& symbol : symbols_of(object)) {
      const bool writable = symbol.kind != 'U' && is_writable(symbol.section);
      if (writable && !is_allowed(symbol.name))
        FAIL_CHECK(object << " has " << symbol.name << " in " << symbol.section);
    }
  }
}

TEST_CASE("objects of one instruction set define nothing that the linker may share") {
  if (kSanitized) return;
  const std::regex one_set(".*_kernels_(avx2|avx512|avx512_[a-z0-9]+|amx)\\.cc\\.o");
  for (const std::string& object : objects()) {
    if (!std::regex_match(object, one_set)) continue;
    for (const Symbol& symbol : symbols_of(object)) {
      const bool shared = symbol.kind == 'W' || symbol.kind == 'V' || symbol.kind == 'u';
      if (shared && !symbol.section.empty() && symbol.section != "*UND*")
        FAIL_CHECK(object << " defines " << symbol.name);
    }
  }
}

TEST_CASE("libphi.so exports what its map lists and its headers declare, and nothing else") {
  const auto declared = functions_of_headers(), listed = symbols_of_map(),
             exported = exports_of_library();
  CHECK(declared.size() > 30);
  CHECK(difference(declared, listed) == "");
  CHECK(difference(listed, declared) == "");
  CHECK(difference(exported, listed) == "");
  CHECK(difference(listed, exported) == "");
}

TEST_CASE("libphi.so needs the system's runtime libraries and no other") {
  const std::regex runtime(
      R"((libc|libm|libstdc\+\+|libgcc_s|libgomp|libomp|libpthread|libdl|librt|ld-linux[a-z0-9_-]*)\.so\.[0-9]+)");
  const std::regex sanitizer(R"(lib(asan|ubsan|tsan|clang_rt)[^ ]*)");
  const std::regex entry(R"(\(NEEDED\).*\[([^\]]+)\])");
  const std::string dynamic = tool_output({PHI_READELF, "-d", "-W", PHI_LIBRARY});
  int needed = 0;
  for (auto found = std::sregex_iterator(dynamic.begin(), dynamic.end(), entry);
       found != std::sregex_iterator(); ++found, ++needed) {
    const std::string library = (*found)[1];
    if (kSanitized && std::regex_match(library, sanitizer)) continue;
    CHECK_MESSAGE(std::regex_match(library, runtime), "needs " << library);
  }
  CHECK(needed >= 2);
  CHECK(dynamic.find("(TEXTREL)") == std::string::npos);
  CHECK(std::regex_search(dynamic, std::regex(R"(\(SONAME\).*\[libphi\.so\.[0-9]+\])")));
  // A sanitizer's or another compiler's runtime lies outside the system's folders; CMake then names
  // its folder.
  if (!kSanitized) CHECK(dynamic.find("(RUNPATH)") == std::string::npos);
}

TEST_SUITE_END();
