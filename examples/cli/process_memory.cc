#include "process_memory.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace phi::cli {

namespace {

/// The bytes of a line "Rss:     1024 kB" if it begins with `key`, else 0.
uint64_t field_bytes(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return 0;
  line.remove_prefix(key.size());
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  uint64_t kibibytes = 0;
  std::from_chars(line.data(), line.data() + line.size(), kibibytes);
  return kibibytes * 1024;
}

/// Is this the first line of a mapping, "7f12...-7f34... r--p ...", and not one of its fields?
bool begins_mapping(std::string_view line) {
  return line.find('-') < line.find(' ') && line.find(':') > line.find(' ');
}

/// Files are named as the kernel names them: absolute, without symbolic links.
std::string kernel_name(const std::string& path) {
  std::error_code error;
  std::string name = std::filesystem::canonical(path, error).string();
  if (std::filesystem::is_directory(name, error)) name += '/';
  return name;
}

void add_model_pages(const std::string& model, ProcessMemory& memory) {
  const std::string name = kernel_name(model);
  if (name.empty()) return;
  std::ifstream mappings("/proc/self/smaps");
  bool of_model = false;
  for (std::string line; std::getline(mappings, line);) {
    if (begins_mapping(line)) of_model = line.find(" " + name) != std::string::npos;
    if (!of_model) continue;
    memory.model += field_bytes(line, "Rss:");
    memory.model_huge += field_bytes(line, "FilePmdMapped:");
  }
}

}  // namespace

ProcessMemory process_memory(const std::string& model) {
  ProcessMemory memory;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    memory.peak += field_bytes(line, "VmHWM:");
    memory.anonymous += field_bytes(line, "RssAnon:");
  }
  add_model_pages(model, memory);
  return memory;
}

}  // namespace phi::cli
