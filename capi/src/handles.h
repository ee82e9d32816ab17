/// What is behind the opaque handles of phi.h. Each owns one object of the C++ API, which shares
/// what it needs of the others.
#ifndef PHI_CAPI_HANDLES_H_
#define PHI_CAPI_HANDLES_H_

#include "phi.h"
#include "phi/model.h"
#include "phi/session.h"
#include "phi/text_stream.h"
#include "phi/tokenizer.h"

struct phi_tokenizer {
  phi::Tokenizer tokenizer;
};

struct phi_model {
  phi::Model model;
  phi_tokenizer tokenizer;  // what phi_model_tokenizer lends
};

struct phi_session {
  phi::Session session;
  uint32_t vocab_size;
};

struct phi_stream {
  phi::TextStream stream;
};

#endif  // PHI_CAPI_HANDLES_H_
