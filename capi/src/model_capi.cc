#include <memory>

#include "guard.h"
#include "handles.h"
#include "option_structs.h"
#include "phi/model.h"

using namespace phi::capi;

namespace {

phi_model* make_handle(phi::Model model) {
  phi_tokenizer tokenizer{model.tokenizer()};
  return std::make_unique<phi_model>(phi_model{std::move(model), std::move(tokenizer)}).release();
}

}  // namespace

phi_status PHI_CALL phi_model_open(const char* path, const phi_model_options* opt, phi_model** out,
                                   phi_error* err) {
  return guard(err, [&] {
    phi_model*& handle = output(out, "out");
    handle = make_handle(phi::Model::open(&required(path, "path"), model_options(opt)));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_model_open_memory(const void* bytes, size_t n, const phi_model_options* opt,
                                          phi_model** out, phi_error* err) {
  return guard(err, [&] {
    phi_model*& handle = output(out, "out");
    const auto* data = static_cast<const std::byte*>(bytes);
    handle =
        make_handle(phi::Model::open_memory({&required(data, "bytes"), n}, model_options(opt)));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_model_convert(const char* from, const char* to_packed,
                                      const phi_model_options* opt, phi_error* err) {
  return guard(err, [&] {
    phi::Model::convert(&required(from, "from"), &required(to_packed, "to_packed"),
                        model_options(opt));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_model_estimate(const char* path, const phi_model_options* opt,
                                       const phi_session_options* session, phi_memory* out,
                                       phi_error* err) {
  return guard(err, [&] {
    OutputStruct output_struct(out, "out");
    const phi::Memory memory =
        phi::Model::estimate(&required(path, "path"), model_options(opt), session_options(session));
    phi_memory known{};
    known.weights = memory.weights;
    known.cache = memory.cache;
    known.scratch = memory.scratch;
    known.peak_while_loading = memory.peak_while_loading;
    known.total = memory.total;
    output_struct.finish(known);
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_model_info_get(const phi_model* m, phi_model_info* out, phi_error* err) {
  return guard(err, [&] {
    OutputStruct output_struct(out, "out");
    const phi::ModelInfo info = required(m, "m").model.info();
    phi_model_info known{};
    known.layers = info.layers;
    known.hidden = info.hidden;
    known.heads = info.heads;
    known.kv_heads = info.kv_heads;
    known.head_dim = info.head_dim;
    known.vocab_size = info.vocab_size;
    known.context = info.context;
    known.parameters = info.parameters;
    known.weight_bytes = info.weight_bytes;
    known.weights = static_cast<int32_t>(info.weights);
    copy_text(info.architecture, known.architecture, sizeof known.architecture);
    copy_text(info.name, known.name, sizeof known.name);
    output_struct.finish(known);
    return PHI_OK;
  });
}

void PHI_CALL phi_model_free(phi_model* m) { delete m; }

const phi_tokenizer* PHI_CALL phi_model_tokenizer(const phi_model* m) {
  return m == nullptr ? nullptr : &m->tokenizer;
}
