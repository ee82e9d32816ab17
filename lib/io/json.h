/// JSON as an immutable tree with accessors that name what they did not find.
/// Parsing is nlohmann-json's; only json.cc sees that library. Any number of threads may read one
/// tree.
#ifndef PHI_IO_JSON_H_
#define PHI_IO_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace phi::io {

/// One JSON value. Objects keep the file's order. A text has at most 64 levels and 4 million values
/// (a tokenizer.json of 200 000 tokens has one million), which bounds the tree's memory; duplicate
/// keys are Error{bad_format}.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  ///< null
  explicit Json(bool value) : value_(value) {}
  explicit Json(int64_t value) : value_(value) {}
  explicit Json(uint64_t value) : value_(value) {}
  explicit Json(double value) : value_(value) {}
  explicit Json(std::string value) : value_(std::move(value)) {}
  explicit Json(std::string_view value) : value_(std::string(value)) {}
  explicit Json(const char* value) : value_(std::string(value)) {}
  explicit Json(Array value) : value_(std::move(value)) {}
  explicit Json(Object value) : value_(std::move(value)) {}

  /// `source` names the text in errors: "config.json". Error{bad_format}
  static Json parse(std::string_view text, std::string_view source);
  /// Compact JSON, UTF-8. Error{bad_format} for what JSON cannot hold: infinities, NaN, text that
  /// is not UTF-8.
  std::string dump() const;

  bool is_null() const noexcept { return holds<std::monostate>(); }
  bool is_bool() const noexcept { return holds<bool>(); }
  bool is_integer() const noexcept { return holds<int64_t>() || holds<uint64_t>(); }
  bool is_number() const noexcept { return is_integer() || holds<double>(); }
  bool is_string() const noexcept { return holds<std::string>(); }
  bool is_array() const noexcept { return holds<Array>(); }
  bool is_object() const noexcept { return holds<Object>(); }

  /// The member, or nullptr when this is no object, has no such key, or holds null there.
  /// Linear in the number of keys.
  const Json* find(std::string_view key) const noexcept;

  /// Typed access. `what` is the value's path for the error: "config.json: 'rope_scaling.factor'".
  /// Error{bad_format}
  bool as_bool(std::string_view what) const;
  int64_t as_integer(std::string_view what) const;  ///< a float with an integral value is accepted
  uint64_t as_unsigned(std::string_view what) const;  ///< refuses negative values
  double as_number(std::string_view what) const;
  const std::string& as_string(std::string_view what) const;
  const Array& as_array(std::string_view what) const;
  const Object& as_object(std::string_view what) const;

 private:
  friend class JsonBuilder;
  friend class JsonWriter;
  template <class T>
  bool holds() const noexcept {
    return std::holds_alternative<T>(value_);
  }
  template <class T>
  const T& get(std::string_view what, const char* expected) const;

  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object> value_;
};

/// Builds an object member by member: JsonObject().add("name", Json(name)).add("bytes",
/// Json(bytes)).take(). (Brace lists of Json are not used: GCC 12 destroys them wrongly when memory
/// runs out half-way.)
class JsonObject {
 public:
  JsonObject&& add(std::string_view key, Json value) && {
    members_.emplace_back(std::string(key), std::move(value));
    return std::move(*this);
  }
  Json take() && { return Json(std::move(members_)); }

 private:
  Json::Object members_;
};

}  // namespace phi::io

#endif  // PHI_IO_JSON_H_
