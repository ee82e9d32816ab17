/// Plain values that cross the API: tokens, messages, options and what the library reports back.
/// Zero always means the documented default, so a value-initialised struct is a valid set of
/// options.
#ifndef PHI_TYPES_H_
#define PHI_TYPES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace phi {

/// Index into the vocabulary, in [0, vocab_size).
using Token = int32_t;

/// How matrices are held in memory. `as_stored` keeps the file's own type (and maps it, copying
/// nothing). int8: one scale for every 256 weights of a row (Q8_256); token embedding and
/// output matrix, and rows that do not divide so, one for every 32 (Q8_0). int4: 4.5 bits a weight
/// with scales chosen by error (Q4_K, or Q4_0 where rows do not divide into blocks of 256), token
/// embedding and output matrix Q6_K or Q8_0; what is stored in as few bits stays.
enum class Weights : int32_t { as_stored = 0, f32 = 1, bf16 = 2, int8 = 3, int4 = 4 };

/// Element type of the KV cache. int8 has a scale for every 32 elements of a key or value.
enum class Kv : int32_t { bf16 = 0, f32 = 1, int8 = 2 };

/// Upper bound on the instruction set that the library's own kernels use.
enum class Isa : int32_t { best = 0, base = 1, avx2 = 2, avx512 = 3, avx512_vnni = 4 };

/// May low-bit weights be put into the order that the processor's kernels work fastest in?
/// when_faster: yes; that copies what a file does not have in that order (a packed file converted
/// on this kind of processor has it). never: what a file has stays mapped, and shared between
/// processes, as long as there are kernels for it; prompts are then read at about half the speed.
enum class Repack : int32_t { when_faster = 0, never = 1 };

/// Of prompt processing with low-bit weights, which rounds the inputs of every matrix to 8 bits.
/// standard: one scale per 32 inputs (for K-quants 128 or 256), weights as they are. fast, where
/// there is AVX-512 VNNI, elsewhere as standard: one scale per 64 inputs for Q4_0 and Q4_1, 256 for
/// Q4_K, 128 for others, whose weights are rounded to 8 bits with a scale per 128 too.
/// docs/numerics.md has the errors of both.
enum class Precision : int32_t { standard = 0, fast = 1 };

/// Where the library's own threads run. cores: each bound to one core of the affinity mask. The
/// thread that calls the library does its part wherever it is.
enum class Pin : int32_t { none = 0, cores = 1 };

/// What the library's own threads get of a busy machine. low: less than others (10 steps nicer than
/// the caller); idle: what others leave. The thread that calls the library keeps its priority.
enum class Priority : int32_t { normal = 0, low = 1, idle = 2 };

/// Calls task(context, index) once for each index in [0, tasks), on any threads, in any order, and
/// returns when all calls have returned. No task waits for another.
using RunTasks =
    std::function<void(int32_t tasks, void (*task)(void* context, int32_t index), void* context)>;

/// Threads of the application that the library works on instead of its own. docs/threading.md has
/// the contract.
struct HostPool {
  int32_t threads = 0;  ///< that can run tasks at once: `tasks` is never more; 1 to 1024
  RunTasks run = {};    ///< empty = no pool; on the thread that calls the library
};

/// May control tokens spelled inside a text become control tokens?
enum class Specials : int32_t { as_text = 0, parse = 1 };

/// Are control tokens part of decoded text?
enum class ShowSpecials : int32_t { no = 0, yes = 1 };

/// Does a rendered chat end with the header that asks the model for its answer?
enum class GenerationPrompt : int32_t { no = 0, yes = 1 };

/// One chat turn; both UTF-8. Usual roles: "system", "user", "assistant", "tool".
struct Message {
  std::string role, content;
};

/// Reports progress in [0, 1] on the calling thread, at most every 20 ms. Returning false cancels.
using KeepGoing = std::function<bool(double done)>;

/// Receives one line of log. Levels: 0 debug, 1 info, 2 warning.
using LogSink = std::function<void(int32_t level, const char* message)>;

struct ModelOptions {
  Weights weights = Weights::as_stored;
  int32_t threads = 0;  ///< load workers; 0 = physical cores this process may use
  Isa isa = Isa::best;  ///< cap for our kernels
  uint64_t memory_limit_bytes =
      0;  ///< 0 = none; covers weights (mapped pages too), the load's peak and all sessions
  KeepGoing keep_going = {};  ///< progress of the load
  LogSink log = {};           ///< empty = silent
  Repack repack = Repack::when_faster;
  Pin pin = Pin::none;                   ///< of load workers
  Priority priority = Priority::normal;  ///< of load workers
  HostPool pool = {};                    ///< to load on; only without pin and priority
};

/// How the next token is chosen. Order: bias, penalties, top-k, top-p, min-p, temperature, draw.
struct Sampling {
  float temperature = 0;     ///< 0 = argmax, ties to the lowest id
  uint32_t top_k = 0;        ///< 0 = off
  float top_p = 0;           ///< 0 or 1 = off
  float min_p = 0;           ///< 0 = off
  float repeat_penalty = 0;  ///< 0 or 1 = off; divides positive logits, multiplies negative ones
  float presence_penalty = 0, frequency_penalty = 0;
  uint32_t penalty_window = 0;  ///< last tokens that penalties see; 0 = 64
  bool ignore_end = false;      ///< end tokens are ordinary (benchmarks)
  uint64_t seed = 0;            ///< the same seed gives the same draws on every platform
  std::vector<std::pair<Token, float>> bias = {};
  std::vector<Token> stop_tokens = {};  ///< beside the model's own end tokens
};

struct SessionOptions {
  uint32_t context =
      0;  ///< positions; 0 = min(model's, 4096), and at most the original length with longrope
  Kv kv = Kv::bf16;
  int32_t threads = 0;        ///< 0 = physical cores this process may use
  KeepGoing keep_going = {};  ///< progress of long prefill
  Sampling sampling = {};
  Precision precision = Precision::standard;
  Pin pin = Pin::none;
  Priority priority = Priority::normal;
  HostPool pool = {};  ///< to evaluate on; only without pin and priority
};

struct StreamOptions {
  ShowSpecials specials = ShowSpecials::no;
  std::vector<std::string> stops = {};  ///< stop strings
};

struct ModelInfo {
  uint32_t layers, hidden, heads, kv_heads, head_dim, vocab_size, context;
  uint64_t parameters;    ///< number of weights
  uint64_t weight_bytes;  ///< as held in memory
  Weights weights;
  std::string architecture;  ///< "phi3", "qwen2" or "llama"
  std::string name;
};

struct TokenizerInfo {
  uint32_t vocab_size;
  Token bos, pad;  ///< -1 = none
  bool adds_bos;   ///< the model's chats and prompts begin with bos
  std::vector<Token> end;
};

/// Bytes for one model with one session.
struct Memory {
  uint64_t weights, cache, scratch, peak_while_loading, total;
};

}  // namespace phi

#endif  // PHI_TYPES_H_
