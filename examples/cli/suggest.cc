#include "suggest.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <system_error>
#include <vector>

namespace phi::cli {

namespace fs = std::filesystem;

namespace {

/// Levenshtein distance, one row of the table at a time.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

bool looks_like_model(const fs::directory_entry& entry) {
  std::error_code ignored;
  if (entry.is_directory(ignored)) return fs::exists(entry.path() / "config.json", ignored);
  return entry.path().extension() == ".gguf" || entry.path().extension() == ".phi";
}

/// Names of models beside the missing path; a folder with thousands of entries is not searched to
/// its end.
std::vector<std::string> models_in(const fs::path& folder) {
  constexpr size_t kMostEntries = 2000;
  std::vector<std::string> names;
  std::error_code error;
  size_t seen = 0;
  for (fs::directory_iterator it(folder, error), end; !error && it != end && seen < kMostEntries;
       it.increment(error), ++seen) {
    if (looks_like_model(*it)) names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::optional<std::string> closest(const std::string& word,
                                   std::span<const std::string> candidates) {
  std::optional<std::string> best;
  size_t best_distance = std::max<size_t>(word.size() / 3, 2) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

std::string missing_model_hint(const std::string& path) {
  const fs::path wanted =
      fs::path(path).has_filename() ? fs::path(path) : fs::path(path).parent_path();
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path(".");
  const std::vector<std::string> models = models_in(folder);
  if (const auto name = closest(wanted.filename().string(), models)) {
    return "; did you mean '" + (wanted.parent_path() / *name).string() + "'?";
  }
  if (!models.empty())
    return "; the folder has '" + models.front() + "'" + (models.size() > 1 ? " and others" : "");
  return "; a model is a Hugging Face folder, a .gguf file or a file written by 'phi convert'";
}

}  // namespace phi::cli
