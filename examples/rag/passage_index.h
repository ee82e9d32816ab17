// The passages of a folder of text, in an SQLite file in that folder, found by their words.
#ifndef PHI_EXAMPLES_PASSAGE_INDEX_H_
#define PHI_EXAMPLES_PASSAGE_INDEX_H_

#include <sqlite3.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Passage {
  std::string file;          // relative to the folder
  int64_t line;              // where it begins, from 1
  std::string text;          // ends with a newline
  std::string excerpt = {};  // the words around those that were searched for

  std::string place() const { return "[" + file + ":" + std::to_string(line) + "]"; }
};

class PassageIndex {
 public:
  explicit PassageIndex(const std::filesystem::path& folder) : folder_(folder) {
    const int result = sqlite3_open((folder / ".phi-rag.sqlite").c_str(), &db_);
    if (result != SQLITE_OK)
      throw std::runtime_error("cannot open the index in " + folder.string());
    sqlite3_busy_timeout(db_, 5000);  // of another phi-rag that is updating it
    run("CREATE TABLE IF NOT EXISTS files(path TEXT PRIMARY KEY, size, time, seen)");
    run("CREATE VIRTUAL TABLE IF NOT EXISTS passages USING "
        "fts5(text, file UNINDEXED, line UNINDEXED, tokenize = 'porter unicode61')");
  }
  ~PassageIndex() { sqlite3_close(db_); }  // an update that did not end is undone
  PassageIndex(const PassageIndex&) = delete;
  PassageIndex& operator=(const PassageIndex&) = delete;

  // Reads .txt and .md files that are new or have changed, and forgets those that are gone.
  // Returns how many were read.
  int update() {
    int read = 0;
    run("BEGIN IMMEDIATE");
    run("UPDATE files SET seen = 0");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      const std::string kind = entry.path().extension().string();
      if (!entry.is_regular_file() || (kind != ".txt" && kind != ".md")) continue;
      const std::string name = entry.path().lexically_relative(folder_).generic_string();
      const auto size = static_cast<int64_t>(entry.file_size());
      const int64_t time = entry.last_write_time().time_since_epoch().count();
      run("UPDATE files SET seen = 1 WHERE path = ? AND size = ? AND time = ?", name, size, time);
      if (sqlite3_changes(db_) > 0) continue;
      run("DELETE FROM passages WHERE file = ?", name);
      for (const Passage& p : cut(entry.path(), name))
        run("INSERT INTO passages VALUES (?, ?, ?)", p.text, p.file, p.line);
      run("INSERT OR REPLACE INTO files VALUES (?, ?, ?, 1)", name, size, time);
      ++read;
    }
    run("DELETE FROM passages WHERE file IN (SELECT path FROM files WHERE seen = 0)");
    run("DELETE FROM files WHERE seen = 0");
    run("COMMIT");
    return read;
  }

  // The passages that share most with the question, the best first.
  std::vector<Passage> find(const std::string& question, int64_t limit) {
    const std::string words = quoted_words(question);
    if (words.empty()) return {};
    return run(
        "SELECT file, line, text, snippet(passages, 0, '', '', '...', 12) "
        "FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?",
        words, limit);
  }

 private:
  // The telling words of a question, each in quotes, so that nothing is an operator of FTS5.
  static std::string quoted_words(const std::string& question) {
    static constexpr std::string_view kCommon =
        " a an and are at be by can did do does for from had has have how i in is it its may me of "
        "on or tell that the there to was were what when where which who whose why will with you ";
    std::string quoted, word;
    for (const char c : question + " ") {
      if (std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80) != 0) {
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      } else {
        if (!word.empty() && kCommon.find(" " + word + " ") == kCommon.npos)
          quoted += (quoted.empty() ? "\"" : " OR \"") + word + "\"";
        word.clear();
      }
    }
    return quoted;
  }

  // Paragraphs, several together while they are short; a heading begins a passage.
  static std::vector<Passage> cut(const std::filesystem::path& path, const std::string& name) {
    constexpr size_t kEnough = 200, kMost = 1000;  // bytes
    std::vector<Passage> passages = {{name, 1, ""}};
    std::ifstream file(path, std::ios::binary);
    int64_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      const bool blank = line.find_first_not_of(" \t\r") == std::string::npos;
      const size_t size = passages.back().text.size();
      if (size >= kMost || (blank && size >= kEnough) || (line.starts_with('#') && size > 0))
        passages.push_back({name, number, ""});
      if (passages.back().text.empty()) passages.back().line = number;
      if (!blank) passages.back().text += line + "\n";
    }
    if (passages.back().text.empty()) passages.pop_back();
    return passages;
  }

  // Runs a statement with values in place of its question marks; rows are passages.
  template <class... Values>
  std::vector<Passage> run(const char* sql, const Values&... values) {
    std::vector<Passage> rows;
    sqlite3_stmt* statement = nullptr;
    int i = 0, result = sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr);
    (bind(statement, ++i, values), ...);
    while (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
      rows.push_back({column(statement, 0), sqlite3_column_int64(statement, 1),
                      column(statement, 2), column(statement, 3)});
      result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    if (result != SQLITE_DONE)
      throw std::runtime_error(std::string("index: ") + sqlite3_errmsg(db_));
    return rows;
  }
  static void bind(sqlite3_stmt* statement, int i, int64_t value) {
    sqlite3_bind_int64(statement, i, value);
  }
  static void bind(sqlite3_stmt* statement, int i, const std::string& value) {
    sqlite3_bind_text64(statement, i, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  static std::string column(sqlite3_stmt* statement, int i) {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement, i))};
  }

  std::filesystem::path folder_;
  sqlite3* db_ = nullptr;
};

#endif  // PHI_EXAMPLES_PASSAGE_INDEX_H_
