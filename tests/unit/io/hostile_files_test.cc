/// Damaged models made with other programs: none may crash a reader, and what their makers' own
/// libraries refuse is refused here.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "io/gguf.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "io/packed_file.h"
#include "io/safetensors.h"
#include "io_test_support.h"
#include "support/test_paths.h"

namespace {

using phi::io::Json;
using phi::test::error_of;
using phi::test::external_data;

struct HostileFile {
  std::string name, path, kind, category, expect;
  std::string reference;  // what the format's own library says
};

std::vector<HostileFile> read_manifest(const std::string& folder) {
  const Json manifest =
      Json::parse(phi::io::read_text_file(folder + "/manifest.json", 10 << 20), "manifest.json");
  std::vector<HostileFile> files;
  for (const Json& item : manifest.find("items")->as_array("items")) {
    const auto text = [&](const char* key) { return item.find(key)->as_string(key); };
    HostileFile file{text("name"),   folder + "/" + text("path"),
                     text("kind"),   text("category"),
                     text("expect"), ""};
    const Json* reference = item.find("reference");
    for (const char* library : {"safetensors", "llamacpp"}) {
      const Json* said = reference == nullptr ? nullptr : reference->find(library);
      if (said != nullptr) file.reference = said->as_string(library);
    }
    files.push_back(file);
  }
  return files;
}

/// Opens the file with the reader of its kind.
std::optional<phi::Error> open_error(const HostileFile& file) {
  return error_of([&] {
    if (file.kind == "gguf") {
      phi::io::Gguf::open(file.path);
    } else {
      phi::io::open_safetensors_folder(file.path);
    }
  });
}

TEST_CASE("hostile files give errors or models") {
  const auto folder = external_data("goldens/bad");
  if (!folder) return;
  int refused = 0;
  for (const HostileFile& file : read_manifest(*folder)) {
    CAPTURE(file.name);
    const auto error = open_error(file);
    CAPTURE(std::string(error.has_value() ? error->what() : "opened"));
    refused += error.has_value();
    if (error) CHECK(std::string_view(error->what()).find('\n') == std::string_view::npos);
    if (file.expect == "load") CHECK(!error.has_value());
    // Refused there while the container is read, before anything is known of the model.
    if (file.category == "safetensors" && file.reference.starts_with("SafetensorError"))
      CHECK(error.has_value());
    if (file.category == "safetensors" && file.reference.starts_with("opens"))
      CHECK(!error.has_value());
    if (file.category == "index" && file.expect == "error") CHECK(error.has_value());
    if (file.kind == "gguf" && file.expect == "error" &&
        file.reference.find("gguf_init_from_reader") != std::string::npos) {
      CHECK(error.has_value());
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("hostile files are no packed files") {
  const auto folder = external_data("goldens/bad");
  if (!folder) return;
  for (const HostileFile& file : read_manifest(*folder)) {
    if (file.kind != "gguf") continue;
    CAPTURE(file.name);
    CHECK(error_of([&] { phi::io::PackedFile::open(file.path); }).has_value());
  }
}

TEST_CASE("models of other programs open") {
  int opened = 0;
  for (const char* name :
       {"goldens/gguf", "goldens/gguf-extra", "data/gguf_vocab", "data/models"}) {
    const auto folder = external_data(name);
    if (!folder) continue;
    for (const auto& file : std::filesystem::recursive_directory_iterator(*folder)) {
      CAPTURE(file.path().string());
      if (file.path().extension() == ".gguf") {
        const phi::io::Gguf gguf = phi::io::Gguf::open(file.path().string());
        CHECK(!gguf.strings_at("tokenizer.ggml.tokens").empty());
        ++opened;
      }
      if (file.path().filename() == "model.safetensors") {
        CHECK(
            !phi::io::open_safetensors_folder(file.path().parent_path().string()).tensors.empty());
        ++opened;
      }
    }
  }
  MESSAGE("opened ", opened, " models");
}

}  // namespace
