// A game whose characters think while the frame rate holds.   usage: phi-game [MODEL [FRAMES]]
//
// The teacher asks for a sum and works it out in silence while the pupil answers aloud. Each has a
// session of its own on one model, and each frame gives them a few milliseconds, in the middle of a
// prompt or a token too. Type a question and press Enter to ask it yourself.
#include <phi_experimental.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "stage.h"

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

namespace {

constexpr double kFrame = 1.0 / 60,
                 kThinking = 0.003;  // seconds; thinking is all characters' share
constexpr int kPause = 120;          // frames between an answer and a question

double now() {
  return static_cast<double>(SDL_GetPerformanceCounter()) /
         static_cast<double>(SDL_GetPerformanceFrequency());
}

void check(phi_status status, const phi_error& err) {
  if (status < 0)
    throw std::runtime_error(std::string(phi_status_name(status)) + ": " + err.message);
}

class Character {
 public:
  explicit Character(const phi_model* model) {
    phi_error err;
    phi_session_options options = PHI_SESSION_OPTIONS_INIT;
    options.threads = 1;  // the other cores are the game's
    check(phi_session_create(model, &options, &session_, &err), err);
    check(phi_stream_create(phi_model_tokenizer(model), nullptr, &stream_, &err), err);
  }
  ~Character() {
    phi_stream_free(stream_);
    phi_session_free(session_);
  }
  Character(const Character&) = delete;
  Character& operator=(const Character&) = delete;

  // Only puts the question in the queue: think() reads it.
  void ask(const std::string& question) {
    phi_error err;
    const phi_message message = {"user", question.data(), question.size()};
    check(phi_session_enqueue_chat(session_, &message, 1, &err), err);
    thought_.clear();
    thinking_ = true;
  }

  // Goes on until the answer is complete or the time `end` has come.
  void think(double end) {
    phi_error err;
    while (thinking_ && now() < end) {
      phi_token token;
      const char* text;
      size_t size;
      const auto budget_us = static_cast<uint32_t>(std::max(0.0, end - now()) * 1e6);
      const phi_status status = phi_session_step(session_, budget_us, &token, &err);
      if (status == PHI_PENDING) return;  // goes on in the next frame
      thinking_ = status == PHI_OK;
      if (status < 0) thought_ += std::string(" (") + err.message + ")";
      if (status == PHI_OK && phi_stream_push(stream_, token, &text, &size, &err) == PHI_OK)
        thought_.append(text, size);
    }
  }

  bool thinking() const { return thinking_; }
  const std::string& thought() const { return thought_; }
  std::string result() const { return thought_.substr(thought_.rfind(' ') + 1); }

 private:
  phi_session* session_ = nullptr;
  phi_stream* stream_ = nullptr;
  std::string thought_;
  bool thinking_ = false;
};

// Sums, one after the other. The teacher says at the end whether both came to the same.
class Lesson {
 public:
  explicit Lesson(const phi_model* model) : teacher_(model), pupil_(model) {}

  void ask(const std::string& question) {
    question_ = question;
    teacher_.ask(question);
    pupil_.ask(question);
    pause_ = kPause;
  }

  // One frame's thinking; they take turns at being the first. False: there was nothing to think.
  bool think(double end) {
    const bool busy = teacher_.thinking() || pupil_.thinking();
    Character& first = ++frame_ % 2 == 0 ? teacher_ : pupil_;
    Character& second = frame_ % 2 == 0 ? pupil_ : teacher_;
    first.think(end);
    second.think(end);
    if (teacher_.thinking() || pupil_.thinking()) return true;
    if (busy) ++answers_;
    if (--pause_ > 0) return busy;
    ask("What is " + std::to_string(number_(random_)) + " + " + std::to_string(number_(random_)) +
        "?");
    return busy;
  }

  int answers() const { return answers_; }
  const std::string& pupil_says() const { return pupil_.thought(); }
  std::string teacher_says() const {
    if (teacher_.thinking() || pupil_.thinking()) return question_;
    const bool same = teacher_.result() == pupil_.result();
    return question_ + "\n" + (same ? "Yes, " : "Hm, I thought it was ") + teacher_.result() + ".";
  }

 private:
  Character teacher_, pupil_;
  std::string question_;
  int pause_ = 1, frame_ = 0, answers_ = 0;
  std::mt19937 random_{4};
  std::uniform_int_distribution<int> number_{2, 98};
};

void report(const char* what, std::vector<double> ms) {
  if (ms.empty()) return;
  std::sort(ms.begin(), ms.end());
  std::cout << what << ": half below " << ms[ms.size() / 2] << " ms, 99 % below "
            << ms[ms.size() * 99 / 100] << " ms\n";
}

void play(const phi_model* model, size_t frames) {
  Stage stage;
  Lesson lesson(model);
  std::string typed;
  std::vector<double> thinking, lengths;  // of the frames, in milliseconds
  SDL_StartTextInput();
  for (double start = now(); frames == 0 || lengths.size() < frames;) {
    for (SDL_Event event; SDL_PollEvent(&event) != 0;) {
      if (event.type == SDL_QUIT) frames = lengths.size() + 1;
      if (event.type == SDL_TEXTINPUT) typed += event.text.text;
      if (event.type != SDL_KEYDOWN) continue;
      if (event.key.keysym.sym == SDLK_BACKSPACE && !typed.empty()) typed.pop_back();
      if (event.key.keysym.sym == SDLK_RETURN && !typed.empty()) {
        lesson.ask(typed);
        typed.clear();
      }
    }
    const double before = now();
    const bool busy = lesson.think(before + kThinking);
    if (busy) thinking.push_back((now() - before) * 1e3);

    stage.begin();
    stage.person(170, 200, {70, 90, 150, 255}, start);
    stage.person(630, 150, {190, 90, 70, 255}, start);
    stage.words(40, 30, 300, lesson.teacher_says());
    stage.words(420, 30, 340, lesson.pupil_says());
    stage.words(40, 410, 700, typed.empty() ? "Type a question, then Enter" : typed);
    stage.end();

    const double rest = start + kFrame - now();
    if (rest > 0) SDL_Delay(static_cast<Uint32>(rest * 1e3));
    lengths.push_back((now() - start) * 1e3);
    start = now();
  }
  std::cout << lengths.size() << " frames, in " << thinking.size() << " of them somebody thought; "
            << lesson.answers() << " answers\n";
  report("thinking", thinking);
  report("frames", lengths);
  std::cout << "the last question and answer:\n"
            << lesson.teacher_says() << "\n"
            << lesson.pupil_says() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  phi_error err;
  phi_model* model = nullptr;
  try {
    check(phi_model_open(argc > 1 ? argv[1] : DEFAULT_MODEL, nullptr, &model, &err), err);
    play(model, argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0);
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    phi_model_free(model);
    return 1;
  }
  phi_model_free(model);
  return 0;
}
