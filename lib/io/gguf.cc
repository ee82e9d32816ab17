#include "io/gguf.h"

#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "base/fail.h"
#include "io/gguf_reader.h"

namespace phi::io {

namespace {

constexpr const char* kSplitNumber = "split.no";
constexpr const char* kSplitCount = "split.count";
constexpr const char* kSplitTensors = "split.tensors.count";

/// "<prefix>-00002-of-00005.gguf" taken apart.
struct SplitPath {
  std::string prefix;
  uint64_t number = 0;  // from 1
  uint64_t count = 0;
};

std::string five_digits(uint64_t value) {
  std::string digits = std::to_string(value);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

std::string part_path(const std::string& prefix, uint64_t number, uint64_t count) {
  return concat(prefix, "-", five_digits(number), "-of-", five_digits(count), ".gguf");
}

std::optional<SplitPath> split_path(const std::string& path) {
  constexpr std::string_view kPattern = "-00000-of-00000.gguf";  // 0 stands for any digit
  if (path.size() < kPattern.size()) return std::nullopt;
  const std::string tail = path.substr(path.size() - kPattern.size());
  for (size_t i = 0; i < tail.size(); ++i) {
    const bool is_digit = tail[i] >= '0' && tail[i] <= '9';
    if (kPattern[i] == '0' ? !is_digit : tail[i] != kPattern[i]) return std::nullopt;
  }
  const uint64_t number = std::stoul(tail.substr(1, 5));
  const uint64_t count = std::stoul(tail.substr(10, 5));
  if (number == 0 || number > count) return std::nullopt;
  return SplitPath{path.substr(0, path.size() - kPattern.size()), number, count};
}

/// What part `number` of `count` says of itself must agree with its name.
void check_part(const Gguf& part, uint64_t number, uint64_t count) {
  const uint64_t stored_count = part.unsigned_at(kSplitCount);
  const uint64_t stored_number = part.unsigned_at(kSplitNumber);
  if (stored_count != count || stored_number != number - 1) {
    fail(Code::bad_format, part.source(), ": says that it is part ", stored_number, " (from 0) of ",
         stored_count, ", its name says ", number - 1, " of ", count);
  }
}

constexpr std::array<const char*, std::variant_size_v<GgufValue>> kKindNames = {
    "a boolean", "an integer",           "an integer",          "a number",
    "a string",  "an array of integers", "an array of numbers", "an array of strings"};

}  // namespace

Gguf Gguf::open(const std::string& path) {
  MappedFile file(path);
  Gguf gguf = GgufReader::read(file.bytes(), file_name(path));
  const uint64_t count = gguf.unsigned_or(kSplitCount, 1);
  if (count <= 1) {
    gguf.files_.push_back(std::move(file));
    return gguf;
  }
  const std::optional<SplitPath> split = split_path(path);
  if (!split) {
    fail(Code::bad_format, gguf.source(), ": is one of ", count,
         " parts, expected a name that ends in -00001-of-", five_digits(count), ".gguf");
  }
  check_part(gguf, split->number, split->count);
  return open_parts(split->prefix, split->count);
}

Gguf Gguf::open_parts(const std::string& prefix, uint64_t count) {
  Gguf whole;
  for (uint64_t number = 1; number <= count; ++number) {
    MappedFile file(part_path(prefix, number, count));
    Gguf part = GgufReader::read(file.bytes(), file_name(file.path()));
    check_part(part, number, count);
    if (number == 1) {
      whole = std::move(part);
    } else {
      std::move(part.tensors_.begin(), part.tensors_.end(), std::back_inserter(whole.tensors_));
    }
    whole.files_.push_back(std::move(file));
  }
  const uint64_t tensors = whole.unsigned_at(kSplitTensors);
  if (whole.tensors_.size() != tensors) {
    fail(Code::bad_format, whole.source_, ": all parts together have ", whole.tensors_.size(),
         " tensors, ", kSplitTensors, " is ", tensors);
  }
  refuse_duplicate_names(whole.tensors_, whole.source_);
  return whole;
}

Gguf Gguf::parse(std::span<const std::byte> bytes, const std::string& source) {
  Gguf gguf = GgufReader::read(bytes, source);
  if (gguf.unsigned_or(kSplitCount, 1) > 1) {
    fail(Code::unsupported, source,
         ": a part of a split file cannot be read from memory, open it by its path");
  }
  return gguf;
}

bool Gguf::has(std::string_view key) const { return find(key) != nullptr; }

const GgufValue* Gguf::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

const GgufValue& Gguf::at(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) fail(Code::bad_format, source_, ": key '", key, "' is missing");
  return *value;
}

void Gguf::fail_type(std::string_view key, const GgufValue& value, const char* expected) const {
  fail(Code::bad_format, source_, ": '", key, "' is ", kKindNames[value.index()], ", expected ",
       expected);
}

template <class T>
const T& Gguf::get(std::string_view key, const char* expected) const {
  const GgufValue& value = at(key);
  const T* typed = std::get_if<T>(&value);
  if (typed == nullptr) fail_type(key, value, expected);
  return *typed;
}

uint64_t Gguf::unsigned_at(std::string_view key) const {
  const GgufValue& value = at(key);
  if (const auto* large = std::get_if<uint64_t>(&value)) return *large;
  const auto number = get<int64_t>(key, "an integer");
  if (number < 0) {
    fail(Code::bad_format, source_, ": '", key, "' is ", number, ", expected at least 0");
  }
  return static_cast<uint64_t>(number);
}

double Gguf::number_at(std::string_view key) const {
  const GgufValue& value = at(key);
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* integer = std::get_if<uint64_t>(&value)) return static_cast<double>(*integer);
  return get<double>(key, "a number");
}

std::string_view Gguf::string_at(std::string_view key) const {
  return get<std::string_view>(key, "a string");
}

uint64_t Gguf::unsigned_or(std::string_view key, uint64_t otherwise) const {
  return has(key) ? unsigned_at(key) : otherwise;
}

double Gguf::number_or(std::string_view key, double otherwise) const {
  return has(key) ? number_at(key) : otherwise;
}

bool Gguf::bool_or(std::string_view key, bool otherwise) const {
  return has(key) ? get<bool>(key, "a boolean") : otherwise;
}

std::string_view Gguf::string_or(std::string_view key, std::string_view otherwise) const {
  return has(key) ? string_at(key) : otherwise;
}

const std::vector<std::string_view>& Gguf::strings_at(std::string_view key) const {
  return get<std::vector<std::string_view>>(key, "an array of strings");
}

std::vector<int64_t> Gguf::integers_at(std::string_view key) const {
  return get<std::vector<int64_t>>(key, "an array of integers");
}

std::vector<double> Gguf::numbers_at(std::string_view key) const {
  const GgufValue& value = at(key);
  if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) {
    return {integers->begin(), integers->end()};
  }
  return get<std::vector<double>>(key, "an array of numbers");
}

}  // namespace phi::io
