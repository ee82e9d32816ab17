// A session reserves everything when it is created: append and next allocate nothing of ours. This
// program counts every operator new of the process, which is why it is a program of its own.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <vector>

#include "phi/session.h"
#include "phi/text_stream.h"
#include "support/test_paths.h"

namespace {
std::atomic<long> allocations{0};

void* count_and_allocate(std::size_t bytes, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded))
    return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t bytes) {
  return count_and_allocate(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return count_and_allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept try {
  return count_and_allocate(bytes, alignof(std::max_align_t));
} catch (const std::bad_alloc&) {
  return nullptr;
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept
    try {
  return count_and_allocate(bytes, static_cast<std::size_t>(alignment));
} catch (const std::bad_alloc&) {
  return nullptr;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace phi {

namespace {

/// Allocations of operator new while `work` runs.
template <class Work>
long allocations_of(Work work) {
  const long before = allocations.load();
  work();
  return allocations.load() - before;
}

}  // namespace

TEST_CASE("append, next, enqueue, step, logits and rewind allocate nothing") {
  // oneDNN allocates a little inside each call of its micro-kernels, which is not ours: the base
  // level does without them.
  ModelOptions model_options;
  model_options.isa = Isa::base;
  const Model model = Model::open(test::test_data("golden/data/c3_phi3_longrope"), model_options);
  Session(model).append(std::vector<Token>{1});  // its first call ever reads oneDNN's settings
  for (const Kv kv : {Kv::bf16, Kv::f32, Kv::int8}) {
    SessionOptions options;
    options.kv = kv;
    options.context = 200;
    options.threads = 2;
    options.keep_going = [](double) { return true; };
    options.sampling.temperature = 1;
    options.sampling.top_p = 0.9f;
    options.sampling.repeat_penalty = 1.1f;
    Session session(model, options);
    const std::vector<Token> tokens(50, 11);
    CHECK(allocations_of([&] { session.append(tokens); }) == 0);
    CHECK(allocations_of([&] {
            for (int i = 0; i < 30; ++i)
              (void)session.next();  // across the boundary of longrope at 64
          }) == 0);
    CHECK(allocations_of([&] { (void)session.logits(); }) == 0);
    CHECK(allocations_of([&] { session.rewind(60); }) == 0);
    CHECK(allocations_of([&] { session.enqueue(tokens); }) == 0);
    CHECK(allocations_of([&] {
            for (int token = 0; token < 2;)
              if (session.step(std::chrono::microseconds(0))) ++token;
          }) == 0);
    CHECK(allocations_of([&] { session.rewind(60); }) == 0);
    CHECK(allocations_of([&] { (void)session.next(); }) == 0);
  }
  CHECK(allocations.load() > 0);  // the counter counts
}

TEST_CASE("push and flush of a stream allocate nothing") {
  const Tokenizer tokenizer = Tokenizer::open(test::test_data("golden/data/c1_phi4"));
  StreamOptions options;
  options.stops = {"a stop string that is never complete", "\n\n\n\n"};
  TextStream stream(tokenizer, options);
  std::vector<Token> tokens;
  for (Token token = 0; token < 1003; ++token) tokens.push_back(token);
  const std::vector<Token> text =
      tokenizer.encode("na\xC3\xAFve \xF0\x9F\x98\x80 a stop string that");
  tokens.insert(tokens.end(), text.begin(), text.end());
  size_t bytes = 0;
  CHECK(allocations_of([&] {
          for (const Token token : tokens) bytes += stream.push(token).text.size();
          bytes += stream.flush().size();
        }) == 0);
  CHECK(bytes >= 1000);
}

}  // namespace phi
