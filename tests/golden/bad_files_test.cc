// Hostile files: each is opened in a process of its own. The library refuses with a message that
// names the offender, or loads what is harmless; it never crashes, hangs or takes memory without
// bound.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "phi/error.h"
#include "support/child_process.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;

constexpr int kSeconds = kSanitized ? 60 : 10;
constexpr int kMegabytes = kSanitized ? 0 : 512;

struct BadFile {
  std::string name, path, expect;
};

std::vector<BadFile> bad_files(const std::string& folder) {
  std::vector<BadFile> files;
  const auto manifest = nlohmann::json::parse(read_file(folder + "/manifest.json"));
  for (const auto& item : manifest.at("items")) {
    files.push_back(
        {item.at("name"), folder + "/" + item.at("path").get<std::string>(), item.at("expect")});
  }
  return files;
}

/// "" when the refusal is one that a user can act on: a code for bad input and one line that names
/// a file, key or tensor.
std::string weakness(int code, const std::string& message, const BadFile& file) {
  using phi::Code;
  constexpr std::array kRefusals = {Code::not_found, Code::io, Code::bad_format, Code::unsupported};
  if (std::find(kRefusals.begin(), kRefusals.end(), static_cast<Code>(code)) == kRefusals.end()) {
    return "not a code for bad input";
  }
  if (message.empty() || message.find('\n') != std::string::npos) return "not one line";
  for (const char c : message) {
    if (static_cast<unsigned char>(c) < 0x20) return "control characters in the message";
  }
  if (message.back() == '.' && !message.ends_with("...")) return "ends in a full stop";
  const std::string file_name = std::filesystem::path(file.path).filename().string();
  for (const std::string& offender :
       {file_name, std::string("'"), std::string(".json"), std::string(".safetensors")}) {
    if (message.find(offender) != std::string::npos) return "";
  }
  return "names no file, key or tensor";
}

std::string finding(const BadFile& file) {
  const ChildResult child =
      run_child({PHI_OPEN_PROBE, file.path, std::to_string(kSeconds), std::to_string(kMegabytes)});
  if (child.signal == SIGALRM) return "did not end in time";
  if (child.signal != 0)
    return "ended by signal " + std::to_string(child.signal) + " " + child.output;
  if (child.exit_code != 0)
    return "ended with " + std::to_string(child.exit_code) + " " + child.output;
  const bool loaded = child.output == "loaded\n";
  if (loaded) return file.expect == "error" ? "was loaded" : "";
  int code = 0, offset = 0;
  if (std::sscanf(child.output.c_str(), "error %d %n", &code, &offset) != 1)
    return "said: " + child.output;
  const std::string message = child.output.substr(
      static_cast<size_t>(offset), child.output.size() - static_cast<size_t>(offset) - 1);
  if (file.expect == "load") return "was refused: " + message;
  const std::string weak = weakness(code, message, file);
  return weak.empty() ? "" : weak + ": " + child.output;
}

void check_folder(const std::string& folder) {
  int tested = 0;
  for (const BadFile& file : bad_files(folder)) {
    CAPTURE(file.name);
    CHECK(finding(file) == "");
    ++tested;
  }
  CHECK(tested > 200);
}

}  // namespace

TEST_SUITE_BEGIN("bad_files");

TEST_CASE("hostile files are refused with a reason or loaded without harm") {
  if (kSanitized) MESSAGE("skipped: the limit on address space, which sanitizers do not bear");
  check_folder(test_data("golden/data/bad"));
}

TEST_CASE("further hostile files") {
  const auto folder = external_data("goldens/bad");
  if (!folder) return;
  if (read_file(*folder + "/manifest.json") ==
      read_file(test_data("golden/data/bad/manifest.json")))
    return;
  check_folder(*folder);
}

TEST_CASE("a path that leads nowhere is not found") {
  TempDir temporary;
  const BadFile missing{"missing", temporary / "missing", "error"};
  CHECK(finding(missing) == "");
  write_file(temporary / "empty", "");
  CHECK(finding({"empty", temporary / "empty", "error"}) == "");
}

TEST_SUITE_END();
