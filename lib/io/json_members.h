/// Typed access to the members of one JSON object, with errors that name the file and the member.
#ifndef PHI_IO_JSON_MEMBERS_H_
#define PHI_IO_JSON_MEMBERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"

namespace phi::io {

/// Borrows the object. A member that is null counts as missing. Every error is Error{bad_format}:
/// "config.json: 'rope_scaling.factor' is missing".
class JsonMembers {
 public:
  /// `prefix` is put before member names in messages: "rope_scaling.".
  JsonMembers(const Json& object, std::string source, std::string prefix = {});

  bool has(std::string_view key) const { return find(key) != nullptr; }
  const Json* find(std::string_view key) const { return object_->find(key); }
  /// "config.json: 'rope_scaling.factor'"
  std::string path(std::string_view key) const;
  const std::string& source() const { return source_; }

  /// The plain forms need the member; the _or forms give `otherwise` when it is missing.
  const Json& need(std::string_view key) const;
  uint32_t count(std::string_view key) const;
  uint32_t count_or(std::string_view key, uint32_t otherwise) const;
  double number(std::string_view key) const;
  double number_or(std::string_view key, double otherwise) const;
  std::optional<double> optional_number(std::string_view key) const;
  bool flag(std::string_view key) const;
  bool flag_or(std::string_view key, bool otherwise) const;
  std::string string(std::string_view key) const;
  std::string string_or(std::string_view key, std::string_view otherwise) const;
  const Json::Array& array(std::string_view key) const;
  std::vector<std::string> strings(std::string_view key) const;
  std::vector<float> floats(std::string_view key) const;
  std::vector<float> floats_or_empty(std::string_view key) const;

  /// The member that is an object, or nothing when it is missing.
  std::optional<JsonMembers> object(std::string_view key) const;

 private:
  const Json* object_;
  std::string source_, prefix_;
};

}  // namespace phi::io

#endif  // PHI_IO_JSON_MEMBERS_H_
