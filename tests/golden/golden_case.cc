#include "golden/golden_case.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "support/test_files.h"
#include "support/test_paths.h"

namespace phi::test {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kTensorsSuffix = "golden.safetensors";

/// The type of the largest share of matrices; a mixture is named after the file.
std::string stored_type(const json& golden) {
  return golden.contains("dtype_on_disk") ? golden.at("dtype_on_disk") : golden.at("type");
}

GoldenCase load_case(const std::string& stem, const std::string& name, const std::string& model,
                     bool is_gguf) {
  const json golden = json::parse(read_file(stem + "golden.json"));
  const json& config = golden.at("config");
  const json& tolerance = golden.at("tolerance");
  GoldenCase result{.name = name,
                    .model = model,
                    .stored = stored_type(golden),
                    .is_gguf = is_gguf,
                    .vocab_size = config.at("vocab_size"),
                    .original_context = 0,
                    .f32 = {tolerance.at("f32").at("atol"), tolerance.at("f32").at("rtol")},
                    .nmse_f16 = tolerance.at("f16_activations_or_kv").at("nmse"),
                    .nmse_bf16 = tolerance.at("bf16_activations_or_kv").at("nmse"),
                    .texts = {},
                    .tensors = GoldenTensors(stem + kTensorsSuffix)};
  const json scaling = config.value("rope_scaling", json());
  if (scaling.is_object() && scaling.value("type", scaling.value("rope_type", "")) == "longrope") {
    result.original_context = config.at("original_max_position_embeddings");
  }
  for (const json& text : golden.value("tokenizer", json::array())) {
    result.texts.push_back({text.at("text"), text.at("ids").get<std::vector<Token>>()});
  }
  return result;
}

std::vector<std::string> golden_roots() {
  std::vector<std::string> roots = {test_data("golden/data")};
  if (const auto external = external_data("goldens")) roots.push_back(*external);
  return roots;
}

/// Every "...golden.safetensors" below the roots, the first of each name.
std::vector<GoldenCase> find_cases(bool want_gguf) {
  std::vector<GoldenCase> cases;
  std::set<std::string> names;
  for (const std::string& root : golden_roots()) {
    std::set<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().filename().string().ends_with(kTensorsSuffix)) files.insert(entry.path());
    }
    for (const fs::path& file : files) {
      const std::string stem =
          file.string().substr(0, file.string().size() - std::string(kTensorsSuffix).size());
      const bool is_gguf = !stem.ends_with('/');
      const std::string name =
          is_gguf ? fs::path(stem).stem().string() : file.parent_path().filename().string();
      const std::string model = is_gguf ? stem + "gguf" : file.parent_path().string();
      if (is_gguf == want_gguf && names.insert(name).second)
        cases.push_back(load_case(stem, name, model, is_gguf));
    }
  }
  return cases;
}

}  // namespace

std::span<const float> GoldenCase::logits(int64_t length, int64_t row, int64_t end) const {
  const std::string suffix = ".T" + std::to_string(length);
  std::string key = "logits" + suffix;
  if (crosses(length) && !crosses(end)) {
    key = "logits_prefix" + std::to_string(original_context) + suffix;
    if (!tensors.has(key)) return {};
  }
  const GoldenMatrix& matrix = tensors.matrix(key);
  return {matrix.row(row), static_cast<size_t>(matrix.cols)};
}

const std::vector<GoldenCase>& folder_cases() {
  static const std::vector<GoldenCase> cases = find_cases(false);
  return cases;
}

const std::vector<GoldenCase>& gguf_cases() {
  static const std::vector<GoldenCase> cases = find_cases(true);
  return cases;
}

}  // namespace phi::test
