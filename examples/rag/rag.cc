// Answers a question from a folder of .txt and .md files and says where the answer stands.
//   usage: phi-rag FOLDER QUESTION [MODEL]
//
// The index finds the passages that share most with the question; the model reads those and
// answers. Without any, there is no answer: the model is not asked.
#include <phi.h>

#include <algorithm>
#include <iostream>

#include "passage_index.h"

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

namespace {

constexpr uint32_t kRoom = 2048;  // tokens: a model with less reads a single passage

constexpr std::string_view kTask =
    "Answer the question briefly from the passages alone. After each statement cite the passage "
    "that it is from by its name in brackets. If the passages do not tell, say so.";

struct Talk {
  phi_model* model = nullptr;
  phi_session* session = nullptr;
  phi_stream* stream = nullptr;
  phi_model_info info = PHI_MODEL_INFO_INIT;
  ~Talk() {
    phi_stream_free(stream);
    phi_session_free(session);
    phi_model_free(model);
  }
};

phi_status open(Talk& talk, const char* path, phi_error* err) {
  phi_status status = phi_model_open(path, nullptr, &talk.model, err);
  if (status == PHI_OK) status = phi_model_info_get(talk.model, &talk.info, err);
  if (status == PHI_OK) status = phi_session_create(talk.model, nullptr, &talk.session, err);
  if (status == PHI_OK)
    status = phi_stream_create(phi_model_tokenizer(talk.model), nullptr, &talk.stream, err);
  return status;
}

// What a very small model can do: a question about one short text, in the form that it knows.
phi_status read_story(Talk& talk, const std::string& question, const Passage& passage,
                      phi_error* err) {
  std::string text = passage.text + question;
  std::replace(text.begin(), text.end(), '\n', ' ');
  const phi_message message = {"user", text.data(), text.size()};
  return phi_session_append_chat(talk.session, &message, 1, err);
}

// As many of the passages as the session has room for, at least one.
phi_status read_passages(Talk& talk, const std::string& question, std::vector<Passage>& passages,
                         phi_error* err) {
  std::string text;
  for (const Passage& passage : passages) text += passage.place() + "\n" + passage.text + "\n";
  text += "Question: " + question;
  const phi_message chat[] = {{"system", kTask.data(), kTask.size()},
                              {"user", text.data(), text.size()}};
  const phi_status status = phi_session_append_chat(talk.session, chat, 2, err);
  if (status != PHI_ERR_CONTEXT_FULL || passages.size() == 1) return status;
  passages.pop_back();
  return read_passages(talk, question, passages, err);
}

// Shows the answer as it comes, and returns it.
phi_status say(Talk& talk, std::string& answer, phi_error* err) {
  phi_token token;
  const char* text;
  size_t size;
  phi_status status;
  while ((status = phi_session_next(talk.session, &token, err)) == PHI_OK) {
    status = phi_stream_push(talk.stream, token, &text, &size, err);
    if (status != PHI_OK) break;
    answer.append(text, size);
    std::cout << std::string_view(text, size) << std::flush;
  }
  return status;
}

phi_status answer(const char* model, const std::string& question, std::vector<Passage> passages,
                  phi_error* err) {
  Talk talk;
  std::string answer;
  phi_status status = open(talk, model, err);
  const bool small = talk.info.context < kRoom;
  if (status == PHI_OK)
    status = small ? read_story(talk, question, passages.front(), err)
                   : read_passages(talk, question, passages, err);
  if (status == PHI_OK) status = say(talk, answer, err);
  if (status < 0) return status;
  if (small) std::cout << " " << passages.front().place();  // it read no other
  const bool cites = small || std::any_of(passages.begin(), passages.end(), [&](const Passage& p) {
                       return answer.find(p.place()) != std::string::npos;
                     });
  std::cout << (cites ? "\n" : "\n(No passage is cited: do not rely on this answer.)\n");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: " << argv[0] << " FOLDER QUESTION [MODEL]\n";
    return 2;
  }
  try {
    PassageIndex index(argv[1]);
    if (const int read = index.update()) std::cerr << "(" << read << " new or changed files)\n";
    const std::vector<Passage> found = index.find(argv[2], 4);
    for (Passage passage : found) {
      std::replace(passage.excerpt.begin(), passage.excerpt.end(), '\n', ' ');
      std::cout << passage.place() << " " << passage.excerpt << "\n";
    }
    if (found.empty()) {
      std::cout << "No passage in " << argv[1] << " has a word of the question.\n";
      return 0;
    }
    std::cout << "\n";
    phi_error err = {};
    const phi_status status = answer(argc == 4 ? argv[3] : DEFAULT_MODEL, argv[2], found, &err);
    if (status < 0) throw std::runtime_error(err.message);
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 1;
  }
  return 0;
}
