#include "text_windows.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "command.h"
#include "phi/error.h"

namespace phi::cli {

TextWindows::TextWindows(const Tokenizer& tokenizer, const std::string& text, uint32_t context,
                         size_t limit)
    : context_(context), tokens_(tokenizer.encode(text)) {
  const TokenizerInfo& info = tokenizer.info();
  const bool begins_with_bos = info.adds_bos && info.bos >= 0;
  if (begins_with_bos) tokens_.insert(tokens_.begin(), info.bos);
  if (tokens_.size() < context) {
    throw UsageError("the text has " + std::to_string(tokens_.size()) + " tokens, but a window " +
                     std::to_string(context) + "; give a longer text or a smaller --context");
  }
  const size_t windows = tokens_.size() / context;
  tokens_.resize((limit == 0 ? windows : std::min(windows, limit)) * context);
  for (size_t first = 0; begins_with_bos && first < tokens_.size(); first += context)
    tokens_[first] = info.bos;
}

void ModelLogits::begin(std::span<const Token> window) {
  session_.rewind(0);
  session_.append(window.first(windows_.first_row()));
  rest_ = window.subspan(windows_.first_row());
}

void ModelLogits::read(std::span<float> logits) {
  const size_t rows = logits.size() / vocabulary_;
  session_.append_logits(rest_.first(rows), logits);
  rest_ = rest_.subspan(rows);
}

SavedLogits::SavedLogits(const std::string& path, const TextWindows& windows, size_t vocabulary)
    : path_(path), file_(path, std::ios::binary) {
  constexpr uint64_t kLongestHeader = 4096;  // ours has two entries
  if (!file_) throw Error(Code::io, "cannot read '" + path + "'");
  uint64_t header_bytes = 0;
  read_bytes(&header_bytes, sizeof header_bytes);
  if (header_bytes > kLongestHeader)
    throw Error(Code::bad_format, "'" + path + "' was not written by --save-logits");
  std::string header(header_bytes, '\0');
  read_bytes(header.data(), header.size());

  const auto json = nlohmann::json::parse(header, nullptr, false);
  const nlohmann::json shape = {windows.count(), windows.context()};
  const nlohmann::json logits_shape = {windows.count() * windows.rows(), vocabulary};
  const auto is = [&](const char* name, const char* dtype, const nlohmann::json& expected) {
    return json.is_object() && json.contains(name) && json[name].is_object() &&
           json[name].value("dtype", nlohmann::json()) == dtype &&
           json[name].value("shape", nlohmann::json()) == expected;
  };
  if (!is("input_ids", "I64", shape) || !is("logits", "F32", logits_shape)) {
    throw Error(Code::invalid_argument, "'" + path +
                                            "' does not hold logits of these windows; save them "
                                            "with the same --text, --context and --chunks");
  }
  std::vector<int64_t> tokens(windows.tokens().size());
  read_bytes(tokens.data(), tokens.size() * sizeof(int64_t));
  if (!std::equal(tokens.begin(), tokens.end(), windows.tokens().begin())) {
    throw Error(Code::invalid_argument, "'" + path + "' holds logits of another text");
  }
}

void SavedLogits::read(std::span<float> logits) { read_bytes(logits.data(), logits.size_bytes()); }

void SavedLogits::read_bytes(void* to, size_t bytes) {
  file_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
  if (!file_) throw Error(Code::bad_format, "'" + path_ + "' ends too early");
}

}  // namespace phi::cli
