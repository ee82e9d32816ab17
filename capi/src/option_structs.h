/// Structs that cross the ABI with their size in front, and what they are in C++.
#ifndef PHI_CAPI_OPTION_STRUCTS_H_
#define PHI_CAPI_OPTION_STRUCTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "guard.h"
#include "phi.h"
#include "phi/types.h"

namespace phi::capi {

/// Copies a struct of the caller's size into `known` [known_bytes], which is zero: what the
/// caller's version lacks stays zero, what it has more must be zero. Error{invalid_argument,
/// unsupported} name the struct.
void read_sized(const void* given, void* known, size_t known_bytes, const char* name);

/// The caller's struct in this version's form. NULL = all zero.
template <class T>
T read_struct(const T* given, const char* name) {
  T known{};
  if (given != nullptr) read_sized(given, &known, sizeof known, name);
  known.struct_size = sizeof known;
  return known;
}

/// An output struct: as many bytes as both sides know, all zero but struct_size until finish().
template <class T>
class OutputStruct {
 public:
  OutputStruct(T* out, const char* name)
      : out_(&required(out, name)), bytes_(std::min<size_t>(out->struct_size, sizeof(T))) {
    if (out->struct_size < sizeof out->struct_size) {
      throw Error(Code::invalid_argument,
                  std::string(name) + ".struct_size: set it to the size of the struct");
    }
    finish(T{});
  }
  void finish(const T& value) {
    constexpr size_t kHead = sizeof value.struct_size;
    std::memcpy(reinterpret_cast<char*>(out_) + kHead,
                reinterpret_cast<const char*>(&value) + kHead, bytes_ - kHead);
  }

 private:
  T* out_;
  size_t bytes_;
};

ModelOptions model_options(const phi_model_options* given);
Sampling sampling(const phi_sampling* given);
SessionOptions session_options(const phi_session_options* given);
StreamOptions stream_options(const phi_stream_options* given);

/// Error{invalid_argument} names the message whose role or content is NULL.
std::vector<Message> messages(const phi_message* given, size_t count);

}  // namespace phi::capi

#endif  // PHI_CAPI_OPTION_STRUCTS_H_
