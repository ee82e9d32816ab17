#include "progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "format.h"
#include "terminal.h"

namespace phi::cli {

namespace {

constexpr auto kPatience = std::chrono::seconds(1);  // shorter jobs pass in silence
constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(3);
constexpr int kBarWidth = 30;

}  // namespace

void Progress::begin(std::string job) {
  finish();
  job_ = std::move(job);
  begun_ = shown_ = Clock::now();
}

void Progress::finish() {
  clear();
  job_.clear();
}

void Progress::clear() {
  if (bar_on_screen_) std::fputs("\r\033[K", stderr);
  bar_on_screen_ = false;
}

KeepGoing Progress::callback() {
  return [this](double done) {
    report(done);
    return !interrupted();
  };
}

void Progress::report(double done) {
  done = std::clamp(done, 0.0, 1.0);
  const bool bar = stderr_is_terminal();
  const Clock::time_point now = Clock::now();
  const Clock::duration interval =
      bar ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval);
  if (job_.empty() || now - begun_ < kPatience || (bar_on_screen_ && now - shown_ < interval))
    return;
  if (!bar && (verbosity_ == Verbosity::quiet || now - shown_ < interval)) return;
  shown_ = now;

  const double elapsed = std::chrono::duration<double>(now - begun_).count();
  const std::string rest =
      done > 0.02 && done < 1 ? ", " + format_seconds(elapsed / done * (1 - done)) + " left" : "";
  const int percent = static_cast<int>(done * 100);
  if (!bar) {
    std::fprintf(stderr, "phi: %s: %d %%%s\n", job_.c_str(), percent, rest.c_str());
    return;
  }
  const int filled = static_cast<int>(done * kBarWidth);
  const std::string cells = std::string(static_cast<size_t>(filled), '#') +
                            std::string(static_cast<size_t>(kBarWidth - filled), '.');
  std::fprintf(stderr, "\r%s [%s] %3d %%%s\033[K", job_.c_str(), cells.c_str(), percent,
               rest.c_str());
  bar_on_screen_ = true;
}

}  // namespace phi::cli
