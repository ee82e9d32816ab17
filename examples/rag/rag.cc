// Answers a question from a folder of .txt and .md files and says where the answer stands.
//   usage: phi-rag FOLDER QUESTION [MODEL]
//
// SQLite's FTS5 finds the passages that share most with the question; the model reads those and
// answers. Without any, there is no answer: the model is not asked.
#include <sqlite3.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "phi/session.h"
#include "phi/text_stream.h"

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

static constexpr uint32_t kRoom = 2048;  // tokens: a model with less reads a single passage

static constexpr const char* kTask =
    "Answer the question briefly from the passages alone. After each statement cite the passage "
    "that it is from by its name in brackets. If the passages do not tell, say so.";

struct Passage {
  std::string place;    // "[file:line]", the file relative to the folder, the line where it begins
  std::string text;     // its lines joined, each with a space after it
  std::string excerpt;  // the words around those that were searched for
};

using Index = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

// Runs a statement with values in place of its question marks; rows are passages.
static std::vector<Passage> run(const Index& index, const char* sql,
                                const std::vector<std::string>& values = {}) {
  std::vector<Passage> rows;
  sqlite3_stmt* statement = nullptr;  // stays so after an error, of which step tells
  sqlite3_prepare_v2(index.get(), sql, -1, &statement, nullptr);
  for (int i = 0; const std::string& value : values)
    sqlite3_bind_text64(statement, ++i, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
  const auto column = [&](int i) {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
    return std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement, i)));
  };
  int result;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW)
    rows.push_back({column(0), column(1), column(2)});
  const std::string error = sqlite3_errmsg(index.get());
  sqlite3_finalize(statement);
  if (result != SQLITE_DONE) throw std::runtime_error("index: " + error);
  return rows;
}

static Index open_index(const std::filesystem::path& folder) {
  sqlite3* file = nullptr;
  const int result = sqlite3_open((folder / ".phi-rag.sqlite").c_str(), &file);
  Index index(file, sqlite3_close);
  if (result != SQLITE_OK) throw std::runtime_error("cannot open an index in " + folder.string());
  sqlite3_busy_timeout(file, 5000);  // of another phi-rag that is updating it
  run(index, "CREATE TABLE IF NOT EXISTS files(version PRIMARY KEY, seen)");
  run(index,
      "CREATE VIRTUAL TABLE IF NOT EXISTS passages USING "
      "fts5(place UNINDEXED, text, version UNINDEXED, tokenize = 'porter unicode61')");
  return index;
}

// Paragraphs, several together while they are short; a heading begins a passage.
static std::vector<Passage> cut(const std::filesystem::path& path, const std::string& name) {
  constexpr size_t kEnough = 200, kMost = 1000;  // bytes
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<Passage> passages(1);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const bool blank = line.find_first_not_of(" \t\r") == std::string::npos;
    const size_t size = passages.back().text.size();
    if (size >= kMost || (blank && size >= kEnough) || (line.starts_with('#') && size > 0))
      passages.emplace_back();
    if (blank) continue;
    Passage& last = passages.back();
    if (last.text.empty()) last.place = "[" + name + ":" + std::to_string(number) + "]";
    last.text += line + " ";
  }
  if (passages.back().text.empty()) passages.pop_back();
  return passages;
}

// Reads .txt and .md files that are new or have changed, and forgets those that are gone. Returns
// how many were read. What an error leaves half done is undone when the index is closed.
static int update(const Index& index, const std::filesystem::path& folder) {
  int read = 0;
  run(index, "BEGIN IMMEDIATE");
  run(index, "UPDATE files SET seen = 0");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string kind = entry.path().extension().string();
    if (!entry.is_regular_file() || (kind != ".txt" && kind != ".md")) continue;
    const std::string name = entry.path().lexically_relative(folder).generic_string();
    const auto time = entry.last_write_time().time_since_epoch().count();
    const std::string version = name + " of " + std::to_string(time);
    run(index, "UPDATE files SET seen = 1 WHERE version = ?", {version});
    if (sqlite3_changes(index.get()) > 0) continue;
    for (const Passage& passage : cut(entry.path(), name))
      run(index, "INSERT INTO passages VALUES (?, ?, ?)", {passage.place, passage.text, version});
    run(index, "INSERT INTO files VALUES (?, 1)", {version});
    ++read;
  }
  run(index, "DELETE FROM files WHERE seen = 0");
  if (sqlite3_changes(index.get()) > 0)
    run(index, "DELETE FROM passages WHERE version NOT IN (SELECT version FROM files)");
  run(index, "COMMIT");
  return read;
}

// The telling words of a question, each in quotes, so that nothing is an operator of FTS5.
static std::string quoted_words(std::string question) {
  static constexpr std::string_view kCommon =
      " a an and are at be by can did do does for from had has have how i in is it its may me of "
      "on or tell that the there to was were what when where which who whose why will with you ";
  for (char& c : question)  // bytes above 127 are letters of other languages
    c = (c & 0x80) != 0 ? c : std::isalnum(c) ? static_cast<char>(std::tolower(c)) : ' ';
  std::istringstream words(question);
  std::string quoted = "\"\"";  // no words: no passage has these
  for (std::string word; words >> word;)
    if (kCommon.find(" " + word + " ") == kCommon.npos) quoted += " OR \"" + word + "\"";
  return quoted;
}

// The passages that share most with the question, the best first, at most four.
static std::vector<Passage> find(const Index& index, const std::string& question) {
  return run(index,
             "SELECT place, text, snippet(passages, 1, '', '', '...', 12) "
             "FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT 4",
             {quoted_words(question)});
}

// A single passage is given as a story with a question, which very small models know, too.
static std::vector<phi::Message> prompt(const std::string& question,
                                        const std::vector<Passage>& passages) {
  if (passages.size() == 1) return {{"user", passages[0].text + question}};
  std::string text;
  for (const Passage& passage : passages)
    if (text.empty() || text.size() + passage.text.size() < 2 * kRoom)  // half of the room, or less
      text += passage.place + "\n" + passage.text + "\n\n";
  return {{"system", kTask}, {"user", text + "Question: " + question}};
}

static void answer(const phi::Model& model, const std::string& question,
                   std::vector<Passage> passages) {
  phi::Session session(model);
  if (session.context() < kRoom) passages.resize(1);
  session.append_chat(prompt(question, passages));
  phi::TextStream stream(model.tokenizer());
  std::string said;
  std::cout << "\n";
  while (session.position() < session.context()) {
    const auto [token, end] = session.next();
    const std::string_view text = end ? stream.flush() : stream.push(token).text;
    std::cout << text << std::flush;
    said += text;
    if (end) break;
  }
  bool cites = false;
  for (const Passage& passage : passages) cites |= said.find(passage.place) != said.npos;
  if (passages.size() == 1)
    std::cout << " " << passages[0].place << "\n";  // it read no other
  else
    std::cout << (cites ? "\n" : "\n(No passage is cited: do not rely on this answer.)\n");
}

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: " << argv[0] << " FOLDER QUESTION [MODEL]\n";
    return 2;
  }
  try {
    const Index index = open_index(argv[1]);
    if (const int read = update(index, argv[1]))
      std::cerr << "(" << read << " new or changed files)\n";
    const std::vector<Passage> found = find(index, argv[2]);
    for (const Passage& passage : found)
      std::cout << passage.place << " " << passage.excerpt << "\n";
    if (found.empty())
      std::cout << "No passage in " << argv[1] << " has a word of the question.\n";
    else
      answer(phi::Model::open(argc == 4 ? argv[3] : DEFAULT_MODEL), argv[2], found);
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 1;
  }
  return 0;
}
