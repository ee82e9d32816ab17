/// A text cut into windows whose tokens are foretold one by one, and where the logits come from.
#ifndef PHI_CLI_TEXT_WINDOWS_H_
#define PHI_CLI_TEXT_WINDOWS_H_

#include <cstdint>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "phi/session.h"

namespace phi::cli {

/// Windows of `context` tokens without overlap, as llama.cpp's llama-perplexity cuts them: the
/// first half of a window is context, every later token is a target. Where the model begins texts
/// with BOS, so does every window, in the place of its first token. A rest that fills no window is
/// left out.
class TextWindows {
 public:
  /// At most `limit` windows, 0 = all. UsageError if the text does not fill one.
  TextWindows(const Tokenizer& tokenizer, const std::string& text, uint32_t context, size_t limit);

  size_t count() const { return tokens_.size() / context_; }
  uint32_t context() const { return context_; }
  /// Rows of logits in a window: row r came before token first_row() + r + 1.
  size_t rows() const { return context_ - 1 - first_row(); }
  size_t first_row() const { return context_ / 2; }
  std::span<const Token> window(size_t index) const {
    return std::span(tokens_).subspan(index * context_, context_);
  }
  const std::vector<Token>& tokens() const { return tokens_; }  ///< of all windows

 private:
  uint32_t context_;
  std::vector<Token> tokens_;
};

/// Gives the rows of one window after the other.
class LogitsSource {
 public:
  virtual ~LogitsSource() = default;
  virtual void begin(std::span<const Token> window) = 0;
  /// The next logits.size() / vocabulary rows of the window.
  virtual void read(std::span<float> logits) = 0;
};

/// A model that evaluates the windows. Borrows all.
class ModelLogits final : public LogitsSource {
 public:
  ModelLogits(Session& session, const TextWindows& windows, size_t vocabulary)
      : session_(session), windows_(windows), vocabulary_(vocabulary) {}
  void begin(std::span<const Token> window) override;
  void read(std::span<float> logits) override;

 private:
  Session& session_;
  const TextWindows& windows_;
  size_t vocabulary_;
  std::span<const Token> rest_;
};

/// Logits that --save-logits wrote: safetensors, input_ids I64 [windows, context] and logits F32
/// [windows * rows, vocabulary].
class SavedLogits final : public LogitsSource {
 public:
  /// Error{bad_format} for other files, Error{invalid_argument} if they belong to other windows.
  SavedLogits(const std::string& path, const TextWindows& windows, size_t vocabulary);
  void begin(std::span<const Token>) override {}
  void read(std::span<float> logits) override;

 private:
  void read_bytes(void* to, size_t bytes);

  std::string path_;
  std::ifstream file_;
};

}  // namespace phi::cli

#endif  // PHI_CLI_TEXT_WINDOWS_H_
