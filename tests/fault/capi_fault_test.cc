// The same through libphi.so: PHI_ERR_OUT_OF_MEMORY, also when no allocation at all succeeds from
// some point on.
#include <doctest/doctest.h>
#include <phi.h>

#include <string>
#include <vector>

#include "fault/fault_plan.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;

const std::string kFolder = test_data("golden/data/bad/good_hf");
const std::string kGguf = test_data("golden/data/bad/good.gguf");

Outcome outcome_of(phi_status status, const phi_error& error) {
  if (status >= 0) return {};
  // The text of the message is empty when there was no memory for it; the code always says what
  // happened.
  if (status == PHI_ERR_OUT_OF_MEMORY && error.code == PHI_ERR_OUT_OF_MEMORY)
    return {Outcome::out_of_memory};
  return Outcome::wrongly(error.message);
}

template <class Attempt>
void check_faults(Attempt&& attempt) {
  for (const Failing failing : {Failing::once, Failing::from_then_on}) {
    CAPTURE(static_cast<int>(failing));
    fail_each_allocation(failing, attempt, [] {});
  }
}

phi_model* open_model(const std::string& path) {
  phi_model* model = nullptr;
  phi_error error;
  REQUIRE_MESSAGE(phi_model_open(path.c_str(), nullptr, &model, &error) == PHI_OK, error.message);
  return model;
}

}  // namespace

TEST_SUITE_BEGIN("capi");

TEST_CASE("opening and freeing models and tokenizers") {
  for (const std::string& path : {kFolder, kGguf}) {
    check_faults([&] {
      phi_model* model = nullptr;
      phi_error error;
      const phi_status status = phi_model_open(path.c_str(), nullptr, &model, &error);
      if (status != PHI_OK && model != nullptr) return Outcome::wrongly("a handle beside an error");
      phi_model_free(model);
      return outcome_of(status, error);
    });
    check_faults([&] {
      phi_tokenizer* tokenizer = nullptr;
      phi_error error;
      const phi_status status = phi_tokenizer_open(path.c_str(), &tokenizer, &error);
      if (status != PHI_OK && tokenizer != nullptr)
        return Outcome::wrongly("a handle beside an error");
      phi_tokenizer_free(tokenizer);
      return outcome_of(status, error);
    });
  }
}

TEST_CASE("encoding writes its ids or nothing") {
  phi_model* model = open_model(kFolder);
  const phi_tokenizer* tokenizer = phi_model_tokenizer(model);
  const std::string text = "Hello, w\xC3\xB6rld. 123";
  check_faults([&] {
    phi_token ids[64] = {-7};
    size_t count = 99;
    phi_error error;
    const phi_status status =
        phi_tokenizer_encode(tokenizer, text.data(), text.size(), 1, ids, 64, &count, &error);
    if (status != PHI_OK && (count != 0 || ids[0] != -7))
      return Outcome::wrongly("output beside an error");
    return outcome_of(status, error);
  });
  phi_model_free(model);
}

TEST_CASE("sessions: creating, and a whole turn") {
  phi_model* model = open_model(kGguf);
  phi_session_options options{};
  options.struct_size = sizeof options;
  options.context = 32;
  options.threads = 1;
  check_faults([&] {
    phi_session* session = nullptr;
    phi_error error;
    phi_status status = phi_session_create(model, &options, &session, &error);
    const phi_token prompt[] = {5, 17, 3};
    phi_token next = 0;
    if (status == PHI_OK) status = phi_session_append(session, prompt, 3, &error);
    if (status == PHI_OK) status = phi_session_next(session, &next, &error);
    phi_session_free(session);
    return outcome_of(status, error);
  });
  phi_model_free(model);
}

TEST_CASE("streams") {
  phi_model* model = open_model(kGguf);
  const char* stops[] = {"stop"};
  phi_stream_options options{};
  options.struct_size = sizeof options;
  options.stops = stops;
  options.stop_count = 1;
  check_faults([&] {
    phi_stream* stream = nullptr;
    phi_error error;
    phi_status status = phi_stream_create(phi_model_tokenizer(model), &options, &stream, &error);
    const char* bytes = nullptr;
    size_t count = 0;
    for (phi_token token = 40; status == PHI_OK && token < 60; ++token) {
      status = phi_stream_push(stream, token, &bytes, &count, &error);
    }
    if (status == PHI_OK) status = phi_stream_flush(stream, &bytes, &count, &error);
    phi_stream_free(stream);
    return outcome_of(status, error);
  });
  phi_model_free(model);
}

TEST_SUITE_END();
