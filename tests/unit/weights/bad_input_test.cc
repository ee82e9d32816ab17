#include <doctest/doctest.h>

#include <string>

#include "io/json.h"
#include "io/mapped_file.h"
#include "phi/error.h"
#include "support/test_paths.h"
#include "unit/weights/open_model.h"

using namespace phi;
using namespace phi::test;

namespace {

/// "" when the weights load, else the error's message. Any other exception ends the test.
std::string open_error(const std::string& path, const std::string& kind, Weights weights) {
  try {
    if (kind == "hf") {
      (void)open_folder(path, {.weights = weights});
    } else {
      (void)open_gguf(path, {.weights = weights});
    }
  } catch (const Error& error) {
    CHECK(error.code() != Code::internal);
    CHECK(std::string(error.what()).size() > 8);
    return error.what();
  }
  return "";
}

void check_input(const io::Json& input, const std::string& root) {
  const std::string name = input.find("name")->as_string("name"),
                    kind = input.find("kind")->as_string("kind");
  const std::string expect = input.find("expect")->as_string("expect");
  const std::string path = root + "/" + input.find("path")->as_string("path");
  for (const auto weights : {Weights::as_stored, Weights::int8}) {
    const std::string error = open_error(path, kind, weights);
    CAPTURE(name);
    CAPTURE(input.find("what")->as_string("what"));
    CAPTURE(error);
    if (expect == "error") CHECK_FALSE(error.empty());
    if (expect == "load") CHECK(error.empty());
  }
}

/// Damage to tokenizers shows when the tokenizer is opened, not here.
int check_inputs(const std::string& root) {
  const io::Json manifest =
      io::Json::parse(io::read_text_file(root + "/manifest.json", 1 << 24), "manifest.json");
  const io::Json* list = manifest.find("items");
  REQUIRE(list != nullptr);
  int checked = 0;
  for (const io::Json& input : list->as_array("manifest.json")) {
    if (input.find("category")->as_string("category") == "tokenizer") continue;
    check_input(input, root);
    ++checked;
  }
  return checked;
}

}  // namespace

TEST_CASE("hostile inputs are refused with a clear error, good ones load") {
  CHECK(check_inputs(test_data("golden/data/bad")) >= 200);
}
