#include "io/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/fail.h"

namespace phi::io {

namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxValues = size_t{4} << 20;

/// Which line and column a byte is at, both from 1.
std::string position_text(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.find_last_of('\n') + 1;  // npos + 1 = 0
  return concat("line ", lines + 1, ", column ", before.size() - line_start + 1);
}

}  // namespace

/// Builds the tree from nlohmann's parser events. A container that is open is its parent's last
/// element, and the parent does not grow meanwhile, so pointers to open containers stay valid.
class JsonBuilder {
 public:
  explicit JsonBuilder(std::string_view source) : source_(source) {}
  Json take() { return std::move(root_); }

  bool null() { return add(Json()); }
  bool boolean(bool value) { return add(Json(value)); }
  bool number_integer(int64_t value) { return add(Json(value)); }
  bool number_unsigned(uint64_t value) {
    // One alternative for what both can hold, so that equal numbers are equal values.
    if (value <= static_cast<uint64_t>(INT64_MAX)) return add(Json(static_cast<int64_t>(value)));
    return add(Json(value));
  }
  bool number_float(double value, const std::string&) { return add(Json(value)); }
  // Copied, not moved: the parser keeps its buffer, and the copy has no spare capacity.
  bool string(const std::string& value) { return add(Json(std::string(value))); }
  bool binary(const nlohmann::json::binary_t&) { return false; }  // not part of JSON texts
  bool start_object(size_t) { return open(Json(Json::Object())); }
  bool start_array(size_t) { return open(Json(Json::Array())); }
  bool end_array() { return close(); }
  bool key(const std::string& name) {
    std::get<Json::Object>(open_.back()->value_).emplace_back(name, Json());
    return true;
  }
  bool end_object() {
    refuse_duplicate_keys(std::get<Json::Object>(open_.back()->value_));
    return close();
  }
  /// nlohmann's text is "[json.exception.parse_error.101] parse error at line 1, column 3: syntax
  /// error while ...".
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) {
    std::string_view text = error.what();
    for (const std::string_view noise : {"] ", "parse error at "}) {
      const size_t at = text.find(noise);
      if (at != std::string_view::npos) text.remove_prefix(at + noise.size());
    }
    const size_t place_end = std::min(text.find(": "), text.size());
    const std::string_view place = text.substr(0, place_end);
    std::string_view reason = text.substr(place_end);
    for (const std::string_view noise : {": ", "syntax error "}) {
      if (reason.starts_with(noise)) reason.remove_prefix(noise.size());
    }
    fail(Code::bad_format, source_, ": not valid JSON at ", printable(place), ": ",
         printable(reason));
  }

 private:
  struct HashedKey {
    size_t hash;
    std::string_view key;
    bool operator<(const HashedKey& other) const {
      return std::tie(hash, key) < std::tie(other.hash, other.key);
    }
    bool operator==(const HashedKey& other) const { return hash == other.hash && key == other.key; }
  };

  Json& place(Json value) {
    if (++values_ > kMaxValues)
      fail(Code::bad_format, source_, ": more than ", kMaxValues, " values");
    if (open_.empty()) return root_ = std::move(value);
    if (auto* array = std::get_if<Json::Array>(&open_.back()->value_)) {
      return array->emplace_back(std::move(value));
    }
    return std::get<Json::Object>(open_.back()->value_).back().second = std::move(value);
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (open_.size() == kMaxDepth) {
      fail(Code::bad_format, source_, ": nested deeper than ", kMaxDepth, " levels");
    }
    open_.push_back(&place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  /// Sorted by hash first: fast for the hundred thousand keys of a vocabulary, and n log n whatever
  /// the keys are.
  void refuse_duplicate_keys(const Json::Object& object) {
    keys_.clear();
    for (const auto& [key, value] : object)
      keys_.push_back({std::hash<std::string_view>{}(key), key});
    std::sort(keys_.begin(), keys_.end());
    const auto duplicate = std::adjacent_find(keys_.begin(), keys_.end());
    if (duplicate != keys_.end()) {
      fail(Code::bad_format, source_, ": key '", printable(duplicate->key), "' is given twice");
    }
  }

  std::string_view source_;
  Json root_;
  std::vector<Json*> open_;  // from the root inwards
  std::vector<HashedKey> keys_;
  size_t values_ = 0;
};

Json Json::parse(std::string_view text, std::string_view source) {
  // nlohmann's lexer takes a zero byte for the end of the text and would not look at what follows.
  const size_t zero = text.find('\0');
  if (zero != std::string_view::npos) {
    fail(Code::bad_format, source, ": not valid JSON at ", position_text(text, zero),
         ": zero byte");
  }
  JsonBuilder builder(source);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

namespace {

/// Strings and numbers as nlohmann writes them: shortest digits that read back the same, strict
/// UTF-8.
template <class Scalar>
void append_scalar(std::string& out, const Scalar& value) {
  try {
    out += nlohmann::json(value).dump();
  } catch (const nlohmann::json::exception&) {
    fail(Code::bad_format, "a text that is not UTF-8 cannot be written as JSON");
  }
}

}  // namespace

/// Appends one value and all below it to a text.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  void write(const Json& json) { std::visit(*this, json.value_); }

  void operator()(std::monostate) { out_ += "null"; }
  void operator()(bool value) { out_ += value ? "true" : "false"; }
  void operator()(int64_t value) { out_ += std::to_string(value); }
  void operator()(uint64_t value) { out_ += std::to_string(value); }
  void operator()(double value) {
    if (!std::isfinite(value))
      fail(Code::bad_format, "JSON cannot hold a number that is not finite");
    append_scalar(out_, value);
  }
  void operator()(const std::string& value) { append_scalar(out_, value); }
  void operator()(const Json::Array& array) {
    out_ += '[';
    for (const Json& value : array) {
      if (&value != array.data()) out_ += ',';
      write(value);
    }
    out_ += ']';
  }
  void operator()(const Json::Object& object) {
    out_ += '{';
    for (const Json::Member& member : object) {
      if (&member != object.data()) out_ += ',';
      append_scalar(out_, member.first);
      out_ += ':';
      write(member.second);
    }
    out_ += '}';
  }

 private:
  std::string& out_;
};

namespace {

constexpr std::array<const char*, 8> kKindNames = {"null",       "a boolean", "an integer",
                                                   "an integer", "a number",  "a string",
                                                   "an array",   "an object"};

[[noreturn]] void fail_kind(std::string_view what, size_t kind, const char* expected) {
  fail(Code::bad_format, what, " is ", kKindNames[kind], ", expected ", expected);
}

}  // namespace

std::string Json::dump() const {
  std::string out;
  JsonWriter(out).write(*this);
  return out;
}

const Json* Json::find(std::string_view key) const noexcept {
  const auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  for (const auto& [name, value] : *object) {
    if (name == key) return value.is_null() ? nullptr : &value;
  }
  return nullptr;
}

template <class T>
const T& Json::get(std::string_view what, const char* expected) const {
  const T* value = std::get_if<T>(&value_);
  if (value == nullptr) fail_kind(what, value_.index(), expected);
  return *value;
}

bool Json::as_bool(std::string_view what) const { return get<bool>(what, "a boolean"); }

int64_t Json::as_integer(std::string_view what) const {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (const auto* value = std::get_if<int64_t>(&value_)) return *value;
  if (const auto* value = std::get_if<double>(&value_)) {
    const bool fits = *value >= -kTwoTo63 && *value < kTwoTo63;
    if (fits && std::trunc(*value) == *value) return static_cast<int64_t>(*value);
  }
  if (holds<uint64_t>() || holds<double>()) {
    fail(Code::bad_format, what, " is ", dump(), ", expected an integer of 64 bits");
  }
  fail_kind(what, value_.index(), "an integer");
}

uint64_t Json::as_unsigned(std::string_view what) const {
  if (const auto* value = std::get_if<uint64_t>(&value_)) return *value;
  const int64_t value = as_integer(what);
  if (value < 0) fail(Code::bad_format, what, " is ", value, ", expected an integer of at least 0");
  return static_cast<uint64_t>(value);
}

double Json::as_number(std::string_view what) const {
  if (const auto* value = std::get_if<int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<uint64_t>(&value_)) return static_cast<double>(*value);
  return get<double>(what, "a number");
}

const std::string& Json::as_string(std::string_view what) const {
  return get<std::string>(what, "a string");
}
const Json::Array& Json::as_array(std::string_view what) const {
  return get<Array>(what, "an array");
}
const Json::Object& Json::as_object(std::string_view what) const {
  return get<Object>(what, "an object");
}

}  // namespace phi::io
