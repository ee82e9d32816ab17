// What is seen of the game: a meadow, two persons, what they say. Drawn with SDL2 and SDL2_ttf.
#ifndef PHI_EXAMPLES_STAGE_H_
#define PHI_EXAMPLES_STAGE_H_

#include <SDL.h>
#include <SDL_ttf.h>

#include <cmath>
#include <stdexcept>
#include <string>

#ifndef FONT
#define FONT "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
#endif

class Stage {
 public:
  static constexpr int kWidth = 800, kHeight = 450, kGround = 340;

  Stage() {
    if (SDL_Init(SDL_INIT_VIDEO) != 0 || TTF_Init() != 0) throw std::runtime_error(SDL_GetError());
    window_ =
        SDL_CreateWindow("phi", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, kWidth, kHeight, 0);
    if (window_) renderer_ = SDL_CreateRenderer(window_, -1, 0);
    if (!renderer_) throw std::runtime_error(SDL_GetError());
    font_ = TTF_OpenFont(FONT, 17);
    if (!font_) throw std::runtime_error("no font " FONT ": install fonts-dejavu-core");
  }
  ~Stage() {
    if (font_) TTF_CloseFont(font_);
    SDL_DestroyRenderer(renderer_);
    SDL_DestroyWindow(window_);
    TTF_Quit();
    SDL_Quit();
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  void begin() {
    box({0, 0, kWidth, kGround}, {190, 220, 240, 255});
    box({0, kGround, kWidth, kHeight - kGround}, {134, 172, 104, 255});
  }

  // A person who stands at x and moves with the time, so that a lost frame is seen.
  void person(int x, int height, SDL_Color coat, double seconds) {
    const int sway = static_cast<int>(std::lround(4 * std::sin(3 * seconds + x)));
    const int head = height / 5, top = kGround + 20 - height;
    box({x - head, top + 2 * head, 2 * head, height - 2 * head}, coat);
    box({x - head - 6, top + 2 * head + 6 + sway, 6, height / 3}, coat);
    box({x + head, top + 2 * head + 6 - sway, 6, height / 3}, coat);
    for (int y = -head; y <= head; ++y) {  // a disc, line by line
      const int half = static_cast<int>(std::sqrt(head * head - y * y));
      box({x - half + sway / 2, top + head + y, 2 * half, 1}, {240, 205, 175, 255});
    }
    box({x - head / 3 + sway / 2, top + head - 4, 4, 4}, {40, 40, 50, 255});
    box({x + head / 3 + sway / 2, top + head - 4, 4, 4}, {40, 40, 50, 255});
  }

  // Words on paper, as wide as `width` at most.
  void words(int x, int y, int width, const std::string& text) {
    SDL_Surface* surface = TTF_RenderUTF8_Blended_Wrapped(font_, text.c_str(), {40, 40, 50, 255},
                                                          static_cast<Uint32>(width));
    if (!surface) return;  // no text
    const SDL_Rect at = {x, y, surface->w, surface->h};
    box({x - 10, y - 8, at.w + 20, at.h + 16}, {255, 253, 245, 255});
    SDL_Texture* texture = SDL_CreateTextureFromSurface(renderer_, surface);
    SDL_RenderCopy(renderer_, texture, nullptr, &at);
    SDL_DestroyTexture(texture);
    SDL_FreeSurface(surface);
  }

  void end() { SDL_RenderPresent(renderer_); }

 private:
  void box(const SDL_Rect& where, SDL_Color color) {
    SDL_SetRenderDrawColor(renderer_, color.r, color.g, color.b, color.a);
    SDL_RenderFillRect(renderer_, &where);
  }

  SDL_Window* window_ = nullptr;
  SDL_Renderer* renderer_ = nullptr;
  TTF_Font* font_ = nullptr;
};

#endif  // PHI_EXAMPLES_STAGE_H_
