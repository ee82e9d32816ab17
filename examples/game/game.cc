// A game whose characters think while the frame rate holds.   usage: phi-game [MODEL [FRAMES]]
//
// Two pupils are given sums and answer them at the same time. Each has a session of its own on one
// model, and each frame gives them three milliseconds, which may end in the middle of a prompt or a
// token: the next frame goes on there. Type a question and press Enter to ask both.
#include <SDL.h>
#include <SDL_ttf.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "phi/session.h"
#include "phi/text_stream.h"

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::microseconds;

static constexpr const char* kFont = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
static constexpr Microseconds kFrame{16'667}, kThinking{3'000};  // thinking is both pupils' share
static constexpr int kPause = 120;                               // frames before the next question

class Pupil {
 public:
  Pupil(const phi::Model& model, const phi::SessionOptions& options)
      : session_(model, options), stream_(model.tokenizer()) {}

  // Only puts the question in the queue: think() reads it.
  void ask(const std::string& question) {
    session_.enqueue_chat(std::vector<phi::Message>{{"user", question}});
    stream_.flush();  // what an answer that was interrupted left
    words_ = question + "\n";
    pause_ = kPause;
    thinking_ = true;
  }

  // Goes on until the answer is complete or the time `end` has come. False: nothing to think.
  bool think(Clock::time_point end) {
    if (!thinking_) return false;
    while (thinking_ && Clock::now() < end) {
      const auto next = session_.step(std::chrono::ceil<Microseconds>(end - Clock::now()));
      if (!next) break;  // goes on in the next frame
      words_ += next->end ? stream_.flush() : stream_.push(next->token).text;
      thinking_ = !next->end && session_.position() < session_.context();
    }
    return true;
  }

  bool wants_a_question() { return !thinking_ && --pause_ < 0; }  // asked in each frame
  const std::string& words() const { return words_; }

 private:
  phi::Session session_;
  phi::TextStream stream_;
  std::string words_;
  int pause_ = 0;
  bool thinking_ = false;
};

class Stage {
 public:
  Stage() {
    if (SDL_Init(SDL_INIT_VIDEO) != 0 || TTF_Init() != 0) throw std::runtime_error(SDL_GetError());
    window_.reset(
        SDL_CreateWindow("phi", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, 800, 450, 0));
    renderer_.reset(SDL_CreateRenderer(window_.get(), -1, 0));
    font_.reset(TTF_OpenFont(kFont, 17));
    if (!renderer_ || !font_) throw std::runtime_error(SDL_GetError());
  }

  void meadow() {
    box({0, 0, 800, 340}, {190, 220, 240, 255});
    box({0, 340, 800, 110}, {134, 172, 104, 255});
  }

  // Somebody at x, who moves with the time: a lost frame is seen.
  void person(int x, SDL_Color coat, double time_ms) {
    const int nod = static_cast<int>(std::lround(4 * std::sin(0.003 * time_ms + x)));
    box({x - 30, 250, 60, 110}, coat);
    box({x - 24, 206 + nod, 48, 48}, {240, 205, 175, 255});
    for (const int eye : {x - 12, x + 8}) box({eye, 224 + nod, 4, 4}, kInk);
  }

  // Words on paper, as wide as `width` at most.
  void words(int x, int y, Uint32 width, const std::string& text) {
    SDL_Surface* surface = TTF_RenderUTF8_Blended_Wrapped(font_.get(), text.c_str(), kInk, width);
    if (!surface) return;  // no text
    const SDL_Rect at = {x, y, surface->w, surface->h};
    box({x - 10, y - 8, at.w + 20, at.h + 16}, {255, 253, 245, 255});
    SDL_Texture* texture = SDL_CreateTextureFromSurface(renderer_.get(), surface);
    SDL_RenderCopy(renderer_.get(), texture, nullptr, &at);
    SDL_DestroyTexture(texture);
    SDL_FreeSurface(surface);
  }

  void show() { SDL_RenderPresent(renderer_.get()); }

 private:
  static constexpr SDL_Color kInk = {40, 40, 50, 255};
  struct Free {
    void operator()(SDL_Window* window) { SDL_DestroyWindow(window); }
    void operator()(SDL_Renderer* renderer) { SDL_DestroyRenderer(renderer); }
    void operator()(TTF_Font* font) { TTF_CloseFont(font); }
  };

  void box(const SDL_Rect& where, SDL_Color color) {
    SDL_SetRenderDrawColor(renderer_.get(), color.r, color.g, color.b, color.a);
    SDL_RenderFillRect(renderer_.get(), &where);
  }

  std::unique_ptr<SDL_Window, Free> window_;
  std::unique_ptr<SDL_Renderer, Free> renderer_;
  std::unique_ptr<TTF_Font, Free> font_;
};

static std::string random_sum() {
  static std::mt19937 random(4);
  std::uniform_int_distribution<int> number(2, 98);
  const int a = number(random), b = number(random);
  return "What is " + std::to_string(a) + " + " + std::to_string(b) + "?";
}

static void report(const char* what, std::vector<double> ms) {
  if (ms.empty()) return;
  std::sort(ms.begin(), ms.end());
  std::cout << what << ": half below " << ms[ms.size() / 2] << " ms, 99 % below "
            << ms[ms.size() * 99 / 100] << " ms\n";
}

static double ms(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

static void play(const phi::Model& model, size_t frames) {
  Stage stage;
  phi::SessionOptions options;
  options.threads = 1;  // the other cores are the game's
  Pupil pupils[] = {Pupil(model, options), Pupil(model, options)};
  std::string line;
  std::vector<double> thinking, lengths;  // of frames, in ms
  for (auto start = Clock::now(); frames == 0 || lengths.size() < frames; start = Clock::now()) {
    for (SDL_Event event; SDL_PollEvent(&event) != 0;) {
      if (event.type == SDL_QUIT) return;
      if (event.type == SDL_TEXTINPUT && line.size() < 80) line += event.text.text;
      if (event.type != SDL_KEYDOWN) continue;
      if (event.key.keysym.sym == SDLK_BACKSPACE) line.clear();
      if (event.key.keysym.sym == SDLK_RETURN && !line.empty()) {
        for (Pupil& pupil : pupils) pupil.ask(line);
        line.clear();
      }
    }
    const auto before = Clock::now();
    bool busy = false;
    for (size_t i = 0; i < 2; ++i) {
      Pupil& pupil = pupils[(lengths.size() + i) % 2];  // they take turns at being the first
      if (pupil.wants_a_question()) pupil.ask(random_sum());
      busy |= pupil.think(before + kThinking);
    }
    if (busy) thinking.push_back(ms(Clock::now() - before));

    stage.meadow();
    stage.person(200, {70, 90, 150, 255}, ms(start.time_since_epoch()));
    stage.person(600, {190, 90, 70, 255}, ms(start.time_since_epoch()));
    stage.words(60, 30, 300, pupils[0].words());
    stage.words(460, 30, 300, pupils[1].words());
    stage.words(40, 410, 700, line.empty() ? "Type a question, then Enter" : line);
    stage.show();
    std::this_thread::sleep_until(start + kFrame);
    lengths.push_back(ms(Clock::now() - start));
  }
  std::cout << lengths.size() << " frames, in " << thinking.size() << " of them somebody thought\n";
  report("thinking", thinking);
  report("frames", lengths);
  for (const Pupil& pupil : pupils) std::cout << pupil.words() << "\n";
}

int main(int argc, char** argv) {
  int result = 0;
  try {
    play(phi::Model::open(argc > 1 ? argv[1] : DEFAULT_MODEL), argc > 2 ? std::stoul(argv[2]) : 0);
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    result = 1;
  }
  TTF_Quit();
  SDL_Quit();
  return result;
}
