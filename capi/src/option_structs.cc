#include "option_structs.h"

#include <string>

namespace phi::capi {

namespace {

using ProgressFunction = int32_t(PHI_CALL*)(void* user, double done);

/// Far more than any version of any struct; a size beyond it is a struct that was never set up.
constexpr uint32_t kMaxStructBytes = 4096;

KeepGoing keep_going(ProgressFunction function, void* user) {
  if (function == nullptr) return {};
  return [function, user](double done) { return function(user, done) != 0; };
}

/// Empty for NULL.
HostPool host_pool(const phi_thread_pool* given) {
  if (given == nullptr) return {};
  const phi_thread_pool from = read_struct(given, "options.pool");
  (void)required(from.run, "options.pool.run");
  return {from.threads,
          [run = from.run, user = from.user](int32_t tasks, void (*task)(void*, int32_t),
                                             void* context) { run(user, tasks, task, context); }};
}

/// What is about threads in either kind of options.
template <class Options, class Given>
void set_threads(Options& to, const Given& from) {
  to.threads = from.threads;
  to.pin = static_cast<Pin>(from.pin);
  to.priority = static_cast<Priority>(from.priority);
  to.pool = host_pool(from.pool);
}

/// The fields of a phi_sampling that is complete.
Sampling convert(const phi_sampling& from) {
  Sampling to;
  to.temperature = from.temperature;
  to.top_k = from.top_k;
  to.top_p = from.top_p;
  to.min_p = from.min_p;
  to.repeat_penalty = from.repeat_penalty;
  to.presence_penalty = from.presence_penalty;
  to.frequency_penalty = from.frequency_penalty;
  to.penalty_window = from.penalty_window;
  to.ignore_end = flag(from.ignore_end, "sampling.ignore_end");
  to.seed = from.seed;
  const auto tokens = input(from.bias_tokens, from.bias_count, "sampling.bias_tokens");
  const auto biases = input(from.biases, from.bias_count, "sampling.biases");
  to.bias.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) to.bias.emplace_back(tokens[i], biases[i]);
  const auto stops = input(from.stop_tokens, from.stop_count, "sampling.stop_tokens");
  to.stop_tokens.assign(stops.begin(), stops.end());
  return to;
}

/// The sampling inside session options, which other fields follow: it does not grow. Its own size
/// may be left 0.
Sampling nested_sampling(const phi_session_options& options, const phi_session_options& given) {
  const uint32_t size = options.sampling.struct_size;
  if (size == 0) return convert(options.sampling);
  if (size > std::min<size_t>(given.struct_size - offsetof(phi_session_options, sampling),
                              sizeof(phi_sampling))) {
    throw Error(Code::invalid_argument, "options.sampling.struct_size: " + std::to_string(size) +
                                            " is more than options has room for");
  }
  return sampling(&given.sampling);
}

}  // namespace

void read_sized(const void* given, void* known, size_t known_bytes, const char* name) {
  uint32_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < sizeof size || size > kMaxStructBytes) {
    throw Error(Code::invalid_argument, std::string(name) +
                                            ".struct_size: " + std::to_string(size) +
                                            " is not the size of the struct; use its _INIT macro");
  }
  const auto* bytes = static_cast<const unsigned char*>(given);
  for (size_t i = known_bytes; i < size; ++i) {
    if (bytes[i] != 0) {
      throw Error(Code::unsupported, std::string(name) +
                                         ": made for a newer version of the library, byte " +
                                         std::to_string(i) + " of it is set and not known here");
    }
  }
  std::memcpy(known, given, std::min<size_t>(size, known_bytes));
}

ModelOptions model_options(const phi_model_options* given) {
  const phi_model_options from = read_struct(given, "options");
  ModelOptions to;
  to.weights = static_cast<Weights>(from.weights);
  set_threads(to, from);
  to.isa = static_cast<Isa>(from.isa);
  to.memory_limit_bytes = from.memory_limit_bytes;
  to.keep_going = keep_going(from.keep_going, from.user);
  if (from.log != nullptr) {
    to.log = [log = from.log, user = from.user](int32_t level, const char* message) {
      log(user, level, message);
    };
  }
  to.repack = static_cast<Repack>(from.repack);
  return to;
}

Sampling sampling(const phi_sampling* given) { return convert(read_struct(given, "sampling")); }

SessionOptions session_options(const phi_session_options* given) {
  const phi_session_options from = read_struct(given, "options");
  SessionOptions to;
  to.context = from.context;
  to.kv = static_cast<Kv>(from.kv);
  set_threads(to, from);
  to.keep_going = keep_going(from.keep_going, from.user);
  if (given != nullptr) to.sampling = nested_sampling(from, *given);
  to.precision = static_cast<Precision>(from.precision);
  return to;
}

StreamOptions stream_options(const phi_stream_options* given) {
  const phi_stream_options from = read_struct(given, "options");
  StreamOptions to;
  to.specials =
      flag(from.keep_specials, "options.keep_specials") ? ShowSpecials::yes : ShowSpecials::no;
  const auto stops = input(from.stops, from.stop_count, "options.stops");
  for (size_t i = 0; i < stops.size(); ++i) {
    to.stops.emplace_back(
        &required(stops[i], ("options.stops[" + std::to_string(i) + "]").c_str()));
  }
  return to;
}

std::vector<Message> messages(const phi_message* given, size_t count) {
  std::vector<Message> out;
  const auto all = input(given, count, "messages");
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string name = "messages[" + std::to_string(i) + "]";
    const std::string_view content =
        input_text(all[i].content, all[i].content_bytes, (name + ".content").c_str());
    out.push_back({&required(all[i].role, (name + ".role").c_str()), std::string(content)});
  }
  return out;
}

}  // namespace phi::capi
