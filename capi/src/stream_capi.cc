#include <memory>

#include "guard.h"
#include "handles.h"
#include "option_structs.h"
#include "phi/text_stream.h"

using namespace phi::capi;

phi_status PHI_CALL phi_stream_create(const phi_tokenizer* t, const phi_stream_options* opt,
                                      phi_stream** out, phi_error* err) {
  return guard(err, [&] {
    phi_stream*& handle = output(out, "out");
    const phi::Tokenizer& tokenizer = required(t, "t").tokenizer;
    handle =
        std::make_unique<phi_stream>(phi_stream{phi::TextStream(tokenizer, stream_options(opt))})
            .release();
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_stream_push(phi_stream* s, phi_token token, const char** bytes, size_t* n,
                                    phi_error* err) {
  return guard(err, [&] {
    const char*& text = output(bytes, "bytes");
    size_t& text_bytes = output(n, "n");
    const phi::TextStream::Piece piece = required(s, "s").stream.push(token);
    text = piece.text.data();
    text_bytes = piece.text.size();
    return piece.stopped ? PHI_END : PHI_OK;
  });
}

phi_status PHI_CALL phi_stream_flush(phi_stream* s, const char** bytes, size_t* n, phi_error* err) {
  return guard(err, [&] {
    const char*& text = output(bytes, "bytes");
    size_t& text_bytes = output(n, "n");
    const std::string_view rest = required(s, "s").stream.flush();
    text = rest.data();
    text_bytes = rest.size();
    return PHI_OK;
  });
}

void PHI_CALL phi_stream_free(phi_stream* s) { delete s; }
