// phi.h for koffi: structs and functions, exactly as there. A test compares the two.
//
// The structs have no names of their own, because koffi's names are the process's: two copies of this
// package must not meet there. Prototypes need a name, or koffi takes them for one of the structs.

import koffi from 'koffi';

export const abiVersion = 1;

const pointer = koffi.pointer('void'); // a handle, or memory that is given as a typed array
const message = koffi.struct({ role: 'char *', content: pointer, content_bytes: 'size_t' });
const error = koffi.struct({ code: 'int32_t', message: koffi.array('char', 252) });

const prototype = (name, ...signature) =>
  koffi.pointer(koffi.proto(`${name}@${import.meta.url}`, ...signature));
export const KeepGoing = prototype('keep_going', 'int32_t', [pointer, 'double']);
export const Log = prototype('log', 'void', [pointer, 'int32_t', 'char *']);

const sampling = koffi.struct({
  struct_size: 'uint32_t',
  top_k: 'uint32_t',
  temperature: 'float',
  top_p: 'float',
  min_p: 'float',
  repeat_penalty: 'float',
  presence_penalty: 'float',
  frequency_penalty: 'float',
  penalty_window: 'uint32_t',
  ignore_end: 'uint32_t',
  seed: 'uint64_t',
  bias_tokens: pointer,
  biases: pointer,
  bias_count: 'size_t',
  stop_tokens: pointer,
  stop_count: 'size_t',
});

export const structs = {
  phi_error: error,
  phi_message: message,
  phi_sampling: sampling,
  phi_model_options: koffi.struct({
    struct_size: 'uint32_t',
    weights: 'int32_t',
    threads: 'int32_t',
    isa: 'int32_t',
    memory_limit_bytes: 'uint64_t',
    keep_going: KeepGoing,
    log: Log,
    user: pointer,
    repack: 'int32_t',
    reserved: 'uint32_t',
    pin: 'int32_t',
    priority: 'int32_t',
    pool: pointer, // for hosts in C and C++; null here
  }),
  phi_session_options: koffi.struct({
    struct_size: 'uint32_t',
    context: 'uint32_t',
    kv: 'int32_t',
    threads: 'int32_t',
    keep_going: KeepGoing,
    user: pointer,
    sampling,
    precision: 'int32_t',
    reserved: 'uint32_t',
    pin: 'int32_t',
    priority: 'int32_t',
    pool: pointer, // for hosts in C and C++; null here
  }),
  phi_stream_options: koffi.struct({
    struct_size: 'uint32_t',
    keep_specials: 'uint32_t',
    stops: koffi.pointer('char *'),
    stop_count: 'size_t',
  }),
  phi_model_info: koffi.struct({
    struct_size: 'uint32_t',
    layers: 'uint32_t',
    hidden: 'uint32_t',
    heads: 'uint32_t',
    kv_heads: 'uint32_t',
    head_dim: 'uint32_t',
    vocab_size: 'uint32_t',
    context: 'uint32_t',
    parameters: 'uint64_t',
    weight_bytes: 'uint64_t',
    weights: 'int32_t',
    reserved: 'uint32_t',
    architecture: koffi.array('char', 32),
    name: koffi.array('char', 96),
  }),
  phi_tokenizer_info: koffi.struct({
    struct_size: 'uint32_t',
    vocab_size: 'uint32_t',
    bos: 'int32_t',
    pad: 'int32_t',
    adds_bos: 'uint32_t',
    end_count: 'uint32_t',
    end: koffi.array('int32_t', 16),
  }),
  phi_memory: koffi.struct({
    struct_size: 'uint32_t',
    reserved: 'uint32_t',
    weights: 'uint64_t',
    cache: 'uint64_t',
    scratch: 'uint64_t',
    peak_while_loading: 'uint64_t',
    total: 'uint64_t',
  }),
};

const options = (name) => koffi.pointer(structs[name]);
const filled = (name) => koffi.inout(koffi.pointer(structs[name]));
const out = (type) => koffi.out(koffi.pointer(type));

const path = 'char *';
const err = out(error);
const text = [pointer, 'size_t'];
const tokens = [pointer, 'size_t'];
const messages = [koffi.pointer(message), 'size_t'];
const sized = [pointer, 'size_t', out('size_t')]; // what the library writes, its room, its size

/** name: [what it returns, what it takes] */
export const functions = {
  phi_abi_version: ['uint32_t', []],
  phi_version_string: ['char *', []],
  phi_status_name: ['char *', ['int32_t']],
  phi_model_open: ['int32_t', [path, options('phi_model_options'), out(pointer), err]],
  phi_model_open_memory: ['int32_t', [...text, options('phi_model_options'), out(pointer), err]],
  phi_model_convert: ['int32_t', [path, path, options('phi_model_options'), err]],
  phi_model_estimate: [
    'int32_t',
    [path, options('phi_model_options'), options('phi_session_options'), filled('phi_memory'), err],
  ],
  phi_model_info_get: ['int32_t', [pointer, filled('phi_model_info'), err]],
  phi_model_free: ['void', [pointer]],
  phi_model_tokenizer: [pointer, [pointer]],
  phi_tokenizer_open: ['int32_t', [path, out(pointer), err]],
  phi_tokenizer_free: ['void', [pointer]],
  phi_tokenizer_info_get: ['int32_t', [pointer, filled('phi_tokenizer_info'), err]],
  phi_tokenizer_encode: ['int32_t', [pointer, ...text, 'int32_t', ...sized, err]],
  phi_tokenizer_encode_chat: ['int32_t', [pointer, ...messages, 'int32_t', ...sized, err]],
  phi_tokenizer_render_chat: ['int32_t', [pointer, ...messages, 'int32_t', ...sized, err]],
  phi_tokenizer_render_chat_json: ['int32_t', [pointer, ...text, ...sized, err]],
  phi_tokenizer_decode: ['int32_t', [pointer, ...tokens, 'int32_t', ...sized, err]],
  phi_session_create: ['int32_t', [pointer, options('phi_session_options'), out(pointer), err]],
  phi_session_free: ['void', [pointer]],
  phi_session_set_sampling: ['int32_t', [pointer, options('phi_sampling'), err]],
  phi_session_append: ['int32_t', [pointer, ...tokens, err]],
  phi_session_append_logits: ['int32_t', [pointer, ...tokens, pointer, err]],
  phi_session_append_chat: ['int32_t', [pointer, ...messages, err]],
  phi_session_next: ['int32_t', [pointer, out('int32_t'), err]],
  phi_session_logits: ['int32_t', [pointer, out(pointer), out('size_t'), err]],
  phi_session_position: ['uint32_t', [pointer]],
  phi_session_tokens: ['int32_t', [pointer, ...sized, err]],
  phi_session_rewind: ['int32_t', [pointer, 'uint32_t', err]],
  phi_session_cancel: ['void', [pointer]],
  phi_stream_create: ['int32_t', [pointer, options('phi_stream_options'), out(pointer), err]],
  phi_stream_push: ['int32_t', [pointer, 'int32_t', out(pointer), out('size_t'), err]],
  phi_stream_flush: ['int32_t', [pointer, out(pointer), out('size_t'), err]],
  phi_stream_free: ['void', [pointer]],
};

/** A struct of `name` with its size, the rest of it zero but for `fields`. */
export function makeStruct(name, fields = {}) {
  const type = structs[name];
  return { ...zeros(type), struct_size: type.size, ...fields };
}

function zeros(type) {
  return Object.fromEntries(
    Object.entries(type.members).map(([name, member]) => [name, zero(member.type)]),
  );
}

function zero(type) {
  if (type.primitive === 'Record') return zeros(type);
  if (type.primitive === 'Array')
    return type.hint === 'String' ? '' : new Array(type.length).fill(0);
  return ['Pointer', 'String', 'Callback'].includes(type.primitive) ? null : 0;
}
