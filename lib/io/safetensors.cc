#include "io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"
#include "io/json.h"

namespace phi::io {

namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr uint64_t kMaxIndexBytes = 100'000'000;
constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

/// An element type of the format; those that weights do not have carry no DType.
struct ElementType {
  std::string_view name;
  uint64_t bits;
  std::optional<DType> dtype;
};

constexpr ElementType kElementTypes[] = {
    {"F32", 32, DType::f32}, {"F16", 16, DType::f16}, {"BF16", 16, DType::bf16}, {"BOOL", 8, {}},
    {"U8", 8, {}},           {"I8", 8, {}},           {"I16", 16, {}},           {"U16", 16, {}},
    {"I32", 32, {}},         {"U32", 32, {}},         {"I64", 64, {}},           {"U64", 64, {}},
    {"F64", 64, {}},         {"C64", 64, {}},         {"F8_E5M2", 8, {}},        {"F8_E4M3", 8, {}},
    {"F8_E8M0", 8, {}},      {"F8_E5M2FNUZ", 8, {}},  {"F8_E4M3FNUZ", 8, {}},    {"F6_E2M3", 6, {}},
    {"F6_E3M2", 6, {}},      {"F4", 4, {}},
};

/// One line of the header, its bytes [begin, end) counted from the start of the data.
struct HeaderEntry {
  std::string name;
  const ElementType* type = nullptr;
  std::vector<uint64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

const ElementType& element_type(const std::string& name, const std::string& what) {
  for (const ElementType& type : kElementTypes) {
    if (type.name == name) return type;
  }
  fail(Code::unsupported, what, ": element type '", printable(name), "' is not known");
}

/// Sizes must be written as integers: 64.0 and 6.4e1 are not accepted.
uint64_t exact_size(const Json& value, const std::string& what) {
  if (value.is_number() && !value.is_integer()) {
    fail(Code::bad_format, what, " is a fraction, expected an integer");
  }
  return value.as_unsigned(what);
}

const Json& required(const Json& object, std::string_view key, const std::string& what) {
  const Json* value = object.find(key);
  if (value == nullptr) fail(Code::bad_format, what, ": '", key, "' is missing");
  return *value;
}

HeaderEntry read_entry(const std::string& name, const Json& json, const std::string& what) {
  json.as_object(what);
  HeaderEntry entry;
  entry.name = name;
  entry.type = &element_type(required(json, "dtype", what).as_string(what + ": 'dtype'"), what);
  for (const Json& extent : required(json, "shape", what).as_array(what + ": 'shape'")) {
    entry.shape.push_back(exact_size(extent, what + ": a dimension"));
  }
  const Json::Array& offsets =
      required(json, "data_offsets", what).as_array(what + ": 'data_offsets'");
  if (offsets.size() != 2) fail(Code::bad_format, what, ": 'data_offsets' are not two numbers");
  entry.begin = exact_size(offsets[0], what + ": a data offset");
  entry.end = exact_size(offsets[1], what + ": a data offset");
  return entry;
}

void check_metadata(const Json& metadata, const std::string& source) {
  const std::string what = source + ": '__metadata__'";
  for (const auto& [key, value] : metadata.as_object(what)) value.as_string(what);
}

void check_size(const HeaderEntry& entry, const std::string& what) {
  uint64_t bits = entry.type->bits;
  for (const uint64_t extent : entry.shape) bits = checked_mul(bits, extent, what);
  const uint64_t listed = entry.end - entry.begin;
  if (bits % 8 != 0 || bits / 8 != listed) {
    fail(Code::bad_format, what, ": ", listed, " bytes do not hold shape ",
         shape_string(entry.shape), " of ", entry.type->name);
  }
}

struct Header {
  std::vector<HeaderEntry> entries;  // sorted by offset
  std::span<const std::byte> data;
};

/// The header's text, found by the length in front of it.
std::string_view header_text(std::span<const std::byte> bytes, const std::string& source) {
  uint64_t length = 0;
  if (bytes.size() < sizeof length) {
    fail(Code::bad_format, source, ": ", bytes.size(),
         " bytes are too short for a safetensors file");
  }
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeaderBytes || length > bytes.size() - sizeof length) {
    fail(Code::bad_format, source, ": header of ", length, " bytes in a file of ", bytes.size());
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
  if (!text.starts_with('{')) fail(Code::bad_format, source, ": header does not begin with '{'");
  return text;
}

/// Tensors fill the data without holes and without overlap.
void check_tiling(const Header& header, const std::string& source) {
  uint64_t expected = 0;
  for (const HeaderEntry& entry : header.entries) {
    const std::string what = concat(source, ": tensor '", printable(entry.name), "'");
    if (entry.begin != expected || entry.end < entry.begin) {
      fail(Code::bad_format, what, ": data offsets [", entry.begin, ", ", entry.end,
           "), expected them to begin at ", expected);
    }
    check_size(entry, what);
    expected = entry.end;
  }
  if (expected != header.data.size()) {
    fail(Code::bad_format, source, ": tensors take ", expected, " bytes, the file holds ",
         header.data.size());
  }
}

Header read_header(std::span<const std::byte> bytes, const std::string& source) {
  const std::string_view text = header_text(bytes, source);
  Header header;
  header.data = bytes.subspan(sizeof(uint64_t) + text.size());
  const Json json = Json::parse(text, source + ": header");
  for (const auto& [name, value] : json.as_object(source + ": header")) {
    if (name == "__metadata__") {
      check_metadata(value, source);
    } else {
      header.entries.push_back(
          read_entry(name, value, concat(source, ": tensor '", printable(name), "'")));
    }
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  check_tiling(header, source);
  return header;
}

void append_tensors(std::vector<TensorEntry>& tensors, Header header) {
  for (HeaderEntry& entry : header.entries) {
    if (!entry.type->dtype) continue;
    tensors.push_back({std::move(entry.name), *entry.type->dtype, std::move(entry.shape),
                       header.data.subspan(entry.begin, entry.end - entry.begin)});
  }
}

/// What model.safetensors.index.json says: the names of each shard's tensors.
using ShardMap = std::map<std::string, std::vector<std::string>>;

void check_shard_name(const std::string& name) {
  const bool is_plain = !name.empty() && name != "." && name.find("..") == std::string::npos &&
                        name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
  if (!is_plain) {
    fail(Code::bad_format, kIndexFile, ": '", printable(name),
         "' is not the name of a file in the folder");
  }
}

ShardMap read_index(const std::string& path) {
  const Json index = Json::parse(read_text_file(path, kMaxIndexBytes), kIndexFile);
  const std::string what = concat(kIndexFile, ": 'weight_map'");
  const Json* weight_map = index.find("weight_map");
  if (weight_map == nullptr) fail(Code::bad_format, what, " is missing");
  ShardMap shards;
  for (const auto& [tensor, file] : weight_map->as_object(what)) {
    shards[file.as_string(what + ": a file name")].push_back(tensor);
  }
  if (shards.empty()) fail(Code::bad_format, what, " is empty");
  for (const auto& [file, tensors] : shards) check_shard_name(file);
  return shards;
}

void check_shard(const Header& header, const std::vector<std::string>& expected,
                 const std::string& source) {
  std::set<std::string_view> names;
  for (const HeaderEntry& entry : header.entries) names.insert(entry.name);
  for (const std::string& name : expected) {
    if (!names.contains(name)) {
      fail(Code::bad_format, source, ": tensor '", printable(name), "' is missing, ", kIndexFile,
           " says that it is here");
    }
  }
}

SafetensorsFolder open_shards(const std::string& folder) {
  SafetensorsFolder result;
  for (const auto& [name, expected] : read_index(folder + "/" + kIndexFile)) {
    const std::string source = printable(name);
    result.files.emplace_back(folder + "/" + name);
    Header header = read_header(result.files.back().bytes(), source);
    check_shard(header, expected, source);
    append_tensors(result.tensors, std::move(header));
  }
  refuse_duplicate_names(result.tensors, kIndexFile);
  return result;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

std::vector<TensorEntry> parse_safetensors(std::span<const std::byte> bytes,
                                           const std::string& source) {
  std::vector<TensorEntry> tensors;
  append_tensors(tensors, read_header(bytes, source));
  return tensors;
}

SafetensorsFolder open_safetensors_folder(const std::string& folder) {
  const std::string single = folder + "/" + kSingleFile;
  if (!exists(single)) {
    if (exists(folder + "/" + kIndexFile)) return open_shards(folder);
    fail(Code::not_found, "folder '", folder, "': expected ", kSingleFile, " or ", kIndexFile,
         exists(folder) ? " in it" : ", but there is no such folder");
  }
  SafetensorsFolder result;
  result.files.emplace_back(single);
  result.tensors = parse_safetensors(result.files.front().bytes(), kSingleFile);
  return result;
}

}  // namespace phi::io
