/// Running a program and waiting for it: for what may crash, hang or run out of memory.
#ifndef PHI_SUPPORT_CHILD_PROCESS_H_
#define PHI_SUPPORT_CHILD_PROCESS_H_

#include <string>
#include <vector>

namespace phi::test {

struct ChildResult {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;      ///< 0 when it exited
  std::string output;  ///< stdout and stderr together
};

/// Starts `command[0]` with the other elements as its arguments. std::runtime_error if it cannot be
/// started.
ChildResult run_child(const std::vector<std::string>& command);

/// The sanitizers map terabytes of address space, so that a limit on it cannot work with them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace phi::test

#endif  // PHI_SUPPORT_CHILD_PROCESS_H_
