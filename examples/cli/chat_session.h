/// A conversation: its messages, the session that holds them, and the answers.
#ifndef PHI_CLI_CHAT_SESSION_H_
#define PHI_CLI_CHAT_SESSION_H_

#include <optional>
#include <string>
#include <vector>

#include "generation.h"
#include "phi/session.h"
#include "progress_bar.h"

namespace phi::cli {

struct ChatOptions {
  std::string system;  ///< empty = none
  std::optional<uint32_t> max_tokens;
  std::vector<std::string> stops;
};

/// Keeps the history consistent: a question that got no answer leaves no trace, an interrupted
/// answer stays as far as it got.
class ChatSession {
 public:
  ChatSession(const Model& model, const SessionOptions& session, ChatOptions options,
              Progress& progress);

  /// Answers `question`, streaming to `show`. Error{context_full, cancelled, ...}: the history is
  /// as before.
  Generation ask(const std::string& question, const ShowPiece& show);

  /// Is there an answer that regenerate() could replace?
  bool can_regenerate() const;
  /// Drops the last answer and gives another one. On error the former answer stays.
  void regenerate(const ShowPiece& show);

  /// Forgets the last question and its answer. False if there is none.
  bool undo();
  /// Forgets everything but the system message.
  void reset();
  /// From the next question on; empty = none.
  void set_system(const std::string& text);

  const std::vector<Message>& messages() const noexcept { return messages_; }
  const std::optional<Stats>& last_stats() const noexcept { return last_stats_; }
  const Session& session() const noexcept { return session_; }

 private:
  /// Answers messages_, which end with a question, and adds the answer.
  Generation answer(const ShowPiece& show);
  void append_messages();
  bool has_system() const { return !messages_.empty() && messages_.front().role == "system"; }

  Model model_;
  ChatOptions options_;
  Progress& progress_;
  Session session_;
  std::vector<Message> messages_;
  std::optional<Stats> last_stats_;
};

}  // namespace phi::cli

#endif  // PHI_CLI_CHAT_SESSION_H_
