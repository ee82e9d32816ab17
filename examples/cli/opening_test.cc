#include "opening_test.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <type_traits>

#include "generation.h"
#include "phi/error.h"
#include "phi/session.h"

namespace phi::cli {

namespace {

constexpr uint32_t kLongPrompt = 512, kAnswer = 8;  // what a chat needs at most, to see its memory

/// What a child tells: its measurement, or the error that ended it.
struct Message {
  Opening opening;
  Code code = Code::internal;
  bool failed = false;
  std::array<char, 512> error{};
};
static_assert(std::is_trivially_copyable_v<Message>);

Opening open_once(const std::string& path, const ModelOptions& model_options,
                  const SessionOptions& session_options) {
  const Stopwatch watch;
  const Model model = Model::open(path, model_options);
  Opening result;
  result.open_seconds = watch.seconds();
  Session session(model, session_options);
  result.session_seconds = watch.seconds() - result.open_seconds;
  const auto prompt_token = static_cast<Token>(model.info().vocab_size / 2);
  session.append(std::vector<Token>(kOpeningPrompt, prompt_token));
  session.next();
  result.first_token_seconds = watch.seconds() - result.open_seconds - result.session_seconds;

  const uint32_t room = session.context() - session.position();
  if (room > kAnswer)
    session.append(std::vector<Token>(std::min(room - kAnswer, kLongPrompt), prompt_token));
  for (uint32_t i = 0; i < std::min(room, kAnswer); ++i) session.next();
  result.context = session.context();
  result.memory = process_memory(path);
  result.weight_bytes = model.info().weight_bytes;
  result.cache_bytes = Model::estimate(path, model_options, session_options).cache;
  return result;
}

/// The child's whole life. Leaves without destructors or handlers: they are the parent's.
[[noreturn]] void tell(int pipe, const std::string& path, const ModelOptions& model,
                       const SessionOptions& session) {
  Message message;
  const auto fail = [&](Code code, const char* what) {
    message.failed = true;
    message.code = code;
    std::strncpy(message.error.data(), what, message.error.size() - 1);
  };
  try {
    message.opening = open_once(path, model, session);
  } catch (const Error& error) {
    fail(error.code(), error.what());
  } catch (const std::exception& error) {
    fail(Code::internal, error.what());
  }
  const bool told = write(pipe, &message, sizeof message) == ssize_t{sizeof message};
  _exit(told ? 0 : 1);
}

/// What the child wrote before it ended; false if it ended without.
bool hear(int pipe, Message& message) {
  auto* bytes = reinterpret_cast<char*>(&message);
  size_t size = 0;
  while (size < sizeof message) {
    const ssize_t count = read(pipe, bytes + size, sizeof message - size);
    if (count == 0 || (count < 0 && errno != EINTR)) return false;
    if (count > 0) size += static_cast<size_t>(count);
  }
  return true;
}

Opening open_in_child(const std::string& path, const ModelOptions& model,
                      const SessionOptions& session) {
  std::array<int, 2> ends;
  if (pipe(ends.data()) != 0) throw Error(Code::io, "no pipe for a child process");
  const pid_t child = fork();
  if (child == 0) tell(ends[1], path, model, session);
  close(ends[1]);
  Message message;
  const bool heard = child > 0 && hear(ends[0], message);
  close(ends[0]);
  while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (child < 0) throw Error(Code::out_of_memory, "no child process");
  if (!heard) throw Error(Code::internal, "'" + path + "': the process that opened it was killed");
  if (message.failed) throw Error(message.code, message.error.data());
  return message.opening;
}

}  // namespace

uint64_t Opening::bytes_beyond() const {
  const uint64_t weights = memory.weights_are_mapped(weight_bytes, cache_bytes)
                               ? std::min(memory.model, weight_bytes)
                               : weight_bytes;
  const uint64_t given = weights + cache_bytes;
  return memory.peak - std::min(memory.peak, given);
}

std::vector<Opening> measure_opening(const std::string& path, const ModelOptions& model,
                                     const SessionOptions& session, uint32_t repetitions) {
  open_in_child(path, model, session);
  std::vector<Opening> openings;
  for (uint32_t i = 0; i < repetitions; ++i)
    openings.push_back(open_in_child(path, model, session));
  return openings;
}

const Opening& median_opening(std::vector<Opening>& openings) {
  const auto middle = openings.begin() + static_cast<std::ptrdiff_t>(openings.size() / 2);
  std::nth_element(openings.begin(), middle, openings.end(),
                   [](const Opening& a, const Opening& b) { return a.seconds() < b.seconds(); });
  return *middle;
}

}  // namespace phi::cli
