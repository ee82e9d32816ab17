#include "phi_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>

extern char** environ;

namespace phi::test {

namespace {

constexpr auto kPatience = std::chrono::seconds(60);

struct Pipe {
  int read_end, write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  return {ends[0], ends[1]};
}

void close_if_open(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

PhiProcess::PhiProcess(const std::vector<std::string>& arguments, std::string program) {
  signal(SIGPIPE,
         SIG_IGN);  // writing to a program that ended is an error to see, not the end of the test
  const Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write_end, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write_end, STDERR_FILENO);
  std::vector<char*> list = {program.data()};
  for (const std::string& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
  list.push_back(nullptr);
  const int failed = posix_spawn(&child_, program.c_str(), &actions, nullptr, list.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in.read_end);
  close(out.write_end);
  close(err.write_end);
  input_ = in.write_end;
  output_.fd = out.read_end;
  error_.fd = err.read_end;
  if (failed != 0) throw std::runtime_error(program + ": cannot be started");
}

PhiProcess::~PhiProcess() {
  close_input();
  close_if_open(output_.fd);
  close_if_open(error_.fd);
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

bool PhiProcess::type(const std::string& text) {
  return write(input_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void PhiProcess::close_input() { close_if_open(input_); }

void PhiProcess::interrupt() const { kill(child_, SIGINT); }

bool PhiProcess::read_some() {
  std::array<pollfd, 2> sources = {{{output_.fd, POLLIN, 0}, {error_.fd, POLLIN, 0}}};
  if (output_.fd < 0 && error_.fd < 0) return false;
  if (poll(sources.data(), sources.size(), 1000) < 0 && errno != EINTR) return false;
  for (Stream* stream : {&output_, &error_}) {
    const pollfd& source = sources[stream == &output_ ? 0 : 1];
    if (source.fd < 0 || source.revents == 0) continue;
    std::array<char, 4096> buffer;
    const ssize_t count = read(stream->fd, buffer.data(), buffer.size());
    if (count > 0) stream->text.append(buffer.data(), static_cast<size_t>(count));
    if (count == 0) close_if_open(stream->fd);
  }
  return true;
}

bool PhiProcess::wait_for(const Stream& stream, const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (stream.text.find(text) == std::string::npos) {
    if (!read_some() || std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

bool PhiProcess::wait_for_output(const std::string& text) { return wait_for(output_, text); }
bool PhiProcess::wait_for_error(const std::string& text) { return wait_for(error_, text); }

int PhiProcess::finish() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (read_some()) {
    if (std::chrono::steady_clock::now() > deadline) kill(child_, SIGKILL);
  }
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

PhiResult run_phi(const std::vector<std::string>& arguments, const std::string& input,
                  const std::string& program) {
  PhiProcess process(arguments, program);
  process.type(input);
  process.close_input();
  const int status = process.finish();
  return {status, process.output(), process.error()};
}

}  // namespace phi::test
