// Opens one model in a process of its own with a limit on time and address space, runs one token if
// it loads, and says what happened: "loaded", or "error <code> <message>". Any other end is a
// finding. Used by bad_files_test.
//
//   open_probe <path> <seconds> <megabytes of address space beyond the start, 0 = no limit>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"

namespace {

void limit_address_space(rlim_t megabytes) {
  unsigned long pages = 0;
  if (FILE* status = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(status, "%lu", &pages) != 1) pages = 0;
    std::fclose(status);
  }
  const rlim_t bytes = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (megabytes << 20);
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

void run(const std::string& path) {
  phi::ModelOptions options;
  options.threads = 1;
  const phi::Model model = phi::Model::open(path, options);
  phi::SessionOptions session_options;
  session_options.threads = 1;
  phi::Session session(model, session_options);
  const std::vector<phi::Token> prompt = {0, 1,
                                          static_cast<phi::Token>(model.info().vocab_size - 1)};
  session.append(prompt);
  const phi::Token next = session.next().token;
  model.tokenizer().decode(std::span(&next, 1));
  model.tokenizer().encode("Hello, world. <|end|>", phi::Specials::parse);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  alarm(static_cast<unsigned>(std::atoi(argv[2])));
  const auto megabytes = static_cast<rlim_t>(std::atoi(argv[3]));
  if (megabytes > 0) limit_address_space(megabytes);
  try {
    run(argv[1]);
    std::printf("loaded\n");
  } catch (const phi::Error& error) {
    std::printf("error %d %s\n", static_cast<int>(error.code()), error.what());
  }
  return 0;
}
