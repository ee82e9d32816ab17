#include "io/json_members.h"

#include <limits>
#include <utility>

#include "base/fail.h"

namespace phi::io {

JsonMembers::JsonMembers(const Json& object, std::string source, std::string prefix)
    : object_(&object), source_(std::move(source)), prefix_(std::move(prefix)) {
  (void)object.as_object(source_);
}

std::string JsonMembers::path(std::string_view key) const {
  return concat(source_, ": '", prefix_, key, "'");
}

const Json& JsonMembers::need(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) fail(Code::bad_format, path(key), " is missing");
  return *value;
}

uint32_t JsonMembers::count(std::string_view key) const {
  const uint64_t value = need(key).as_unsigned(path(key));
  if (value > std::numeric_limits<uint32_t>::max()) {
    fail(Code::bad_format, path(key), ": ", value, " is out of range");
  }
  return static_cast<uint32_t>(value);
}

uint32_t JsonMembers::count_or(std::string_view key, uint32_t otherwise) const {
  return has(key) ? count(key) : otherwise;
}

double JsonMembers::number(std::string_view key) const { return need(key).as_number(path(key)); }

double JsonMembers::number_or(std::string_view key, double otherwise) const {
  return has(key) ? number(key) : otherwise;
}

std::optional<double> JsonMembers::optional_number(std::string_view key) const {
  if (!has(key)) return std::nullopt;
  return number(key);
}

bool JsonMembers::flag(std::string_view key) const { return need(key).as_bool(path(key)); }

bool JsonMembers::flag_or(std::string_view key, bool otherwise) const {
  return has(key) ? flag(key) : otherwise;
}

std::string JsonMembers::string(std::string_view key) const {
  return need(key).as_string(path(key));
}

std::string JsonMembers::string_or(std::string_view key, std::string_view otherwise) const {
  return has(key) ? string(key) : std::string(otherwise);
}

const Json::Array& JsonMembers::array(std::string_view key) const {
  return need(key).as_array(path(key));
}

std::vector<std::string> JsonMembers::strings(std::string_view key) const {
  const std::string where = path(key);
  std::vector<std::string> values;
  values.reserve(array(key).size());
  for (const Json& value : array(key)) values.push_back(value.as_string(where));
  return values;
}

std::vector<float> JsonMembers::floats(std::string_view key) const {
  const std::string where = path(key);
  std::vector<float> values;
  for (const Json& value : array(key)) {
    values.push_back(static_cast<float>(value.as_number(where)));
  }
  return values;
}

std::vector<float> JsonMembers::floats_or_empty(std::string_view key) const {
  return has(key) ? floats(key) : std::vector<float>();
}

std::optional<JsonMembers> JsonMembers::object(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) fail(Code::bad_format, path(key), " is not an object");
  return JsonMembers(*value, source_, concat(prefix_, key, "."));
}

}  // namespace phi::io
