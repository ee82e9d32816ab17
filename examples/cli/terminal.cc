#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "phi/error.h"

namespace phi::cli {

namespace {

// What the signal handler can reach. All of it is safe to touch there: lock-free atomics and a
// pipe.
std::atomic<bool> interrupt_flag{false};
std::atomic<Session*> interrupt_target{nullptr};
std::array<int, 2> wake_pipe = {-1, -1};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<Session*>::is_always_lock_free);

void on_interrupt(int) {
  const int saved_errno = errno;
  if (interrupt_flag.exchange(true)) {  // nobody attended to the first one
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
  }
  if (Session* session = interrupt_target.load()) session->cancel();  // an atomic store
  const char byte = 0;
  [[maybe_unused]] const ssize_t written =
      write(wake_pipe[1], &byte, 1);  // a full pipe wakes as well
  errno = saved_errno;
}

/// Waits for standard input. False: Ctrl-C came first.
bool wait_for_input() {
  std::array<pollfd, 2> sources = {{{STDIN_FILENO, POLLIN, 0}, {wake_pipe[0], POLLIN, 0}}};
  while (!interrupted()) {
    if (poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR) break;
    if (sources[1].revents != 0) return !interrupted();
    if (sources[0].revents != 0) return true;
  }
  return false;
}

enum class Chunk { bytes, end, interrupted };

/// Appends what standard input has to `text`.
Chunk read_chunk(std::string& text) {
  std::array<char, 1 << 16> buffer;
  while (true) {
    if (!wait_for_input()) return Chunk::interrupted;
    const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<size_t>(count));
      return Chunk::bytes;
    }
    if (count == 0) return Chunk::end;
    if (errno != EINTR && errno != EAGAIN) {
      throw Error(Code::io, std::string("cannot read standard input: ") + std::strerror(errno));
    }
  }
}

}  // namespace

bool stdin_is_terminal() noexcept { return isatty(STDIN_FILENO) == 1; }
bool stdout_is_terminal() noexcept { return isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() noexcept { return isatty(STDERR_FILENO) == 1; }

void install_interrupt_handler() {
  if (pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw Error(Code::io, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() noexcept { return interrupt_flag.load(); }

void clear_interrupt() noexcept {
  std::array<char, 64> bytes;
  while (read(wake_pipe[0], bytes.data(), bytes.size()) > 0) {
  }
  interrupt_flag.store(false);
}

CancelOnInterrupt::CancelOnInterrupt(Session& session) noexcept {
  interrupt_target.store(&session);
}
CancelOnInterrupt::~CancelOnInterrupt() { interrupt_target.store(nullptr); }

ReadResult LineReader::read(std::string& line) {
  size_t searched = 0;
  while (true) {
    const size_t newline = pending_.find('\n', searched);
    if (newline != std::string::npos || (ended_ && !pending_.empty())) {
      line = pending_.substr(0, newline);
      pending_.erase(0, newline == std::string::npos ? newline : newline + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return ReadResult::line;
    }
    if (ended_) return ReadResult::end;
    searched = pending_.size();
    const Chunk chunk = read_chunk(pending_);
    if (chunk == Chunk::interrupted) return ReadResult::interrupted;
    ended_ = chunk == Chunk::end;
  }
}

std::string read_standard_input() {
  std::string text;
  while (true) {
    const Chunk chunk = read_chunk(text);
    if (chunk == Chunk::end) return text;
    if (chunk == Chunk::interrupted)
      throw Error(Code::cancelled, "interrupted while reading standard input");
  }
}

void write_output(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      throw Error(Code::io,
                  std::string("cannot write to standard output: ") + std::strerror(errno));
    }
  }
}

}  // namespace phi::cli
