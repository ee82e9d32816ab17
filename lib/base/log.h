/// Where a model's log lines go. The default is nowhere.
#ifndef PHI_BASE_LOG_H_
#define PHI_BASE_LOG_H_

#include <string>
#include <utility>

#include "base/fail.h"
#include "phi/types.h"

namespace phi {

/// Wraps the sink that the application gave. Copies share it; called on whichever thread logs.
class Log {
 public:
  Log() = default;
  explicit Log(LogSink sink) : sink_(std::move(sink)) {}

  template <class... Parts>
  void info(const Parts&... parts) const {
    if (sink_) sink_(1, concat(parts...).c_str());
  }
  template <class... Parts>
  void warning(const Parts&... parts) const {
    if (sink_) sink_(2, concat(parts...).c_str());
  }

 private:
  LogSink sink_;
};

}  // namespace phi

#endif  // PHI_BASE_LOG_H_
