/// Reading the files of expected values that the text tests share.
#ifndef PHI_TEXT_VECTORS_H_
#define PHI_TEXT_VECTORS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"
#include "io/mapped_file.h"
#include "phi/types.h"

namespace phi::test {

/// One JSON value per line.
inline std::vector<io::Json> read_json_lines(const std::string& path) {
  const std::string text = io::read_text_file(path, uint64_t{1} << 30);
  std::vector<io::Json> rows;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at)
      rows.push_back(io::Json::parse(std::string_view(text).substr(at, end - at), path));
    at = end + 1;
  }
  return rows;
}

inline std::string text_at(const io::Json& row, std::string_view key) {
  return row.find(key)->as_string(key);
}

inline std::vector<Token> ids_at(const io::Json& row, std::string_view key) {
  std::vector<Token> ids;
  for (const io::Json& id : row.find(key)->as_array(key))
    ids.push_back(static_cast<Token>(id.as_integer(key)));
  return ids;
}

inline std::string joined(const std::vector<Token>& ids) {
  std::string out;
  for (const Token id : ids) {
    out += std::to_string(id);
    out += ' ';
  }
  return out;
}

}  // namespace phi::test

#endif  // PHI_TEXT_VECTORS_H_
