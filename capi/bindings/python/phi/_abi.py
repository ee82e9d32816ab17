"""phi.h in ctypes: structs and functions, exactly as there. A test compares the two."""

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
    py_object,
    sizeof,
)
from typing import Any, Dict, List, Tuple

ABI_VERSION = 1

Token = c_int32
# `user` is a callable of Python: see _callbacks.py.
KeepGoing = CFUNCTYPE(c_int32, py_object, c_double)
Log: Any = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)


class Error(Structure):
    _fields_ = [("code", c_int32), ("message", c_char * 252)]


class Sized(Structure):
    """A struct that begins with its size, which is how versions tell each other apart."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(struct_size=sizeof(self))
        for name, value in fields.items():
            setattr(self, name, value)
            # ctypes cuts integers to their width and says nothing.
            if isinstance(value, int) and getattr(self, name) != value:
                raise ValueError(f"{name}: {value} does not fit its type")


class ModelOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("weights", c_int32),
        ("threads", c_int32),
        ("isa", c_int32),
        ("memory_limit_bytes", c_uint64),
        ("keep_going", KeepGoing),
        ("log", Log),
        ("user", c_void_p),
        ("repack", c_int32),
        ("reserved", c_uint32),
        ("pin", c_int32),
        ("priority", c_int32),
        ("pool", c_void_p),  # for hosts in C and C++; NULL here
    ]


class Sampling(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("top_k", c_uint32),
        ("temperature", c_float),
        ("top_p", c_float),
        ("min_p", c_float),
        ("repeat_penalty", c_float),
        ("presence_penalty", c_float),
        ("frequency_penalty", c_float),
        ("penalty_window", c_uint32),
        ("ignore_end", c_uint32),
        ("seed", c_uint64),
        ("bias_tokens", POINTER(Token)),
        ("biases", POINTER(c_float)),
        ("bias_count", c_size_t),
        ("stop_tokens", POINTER(Token)),
        ("stop_count", c_size_t),
    ]


class SessionOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("context", c_uint32),
        ("kv", c_int32),
        ("threads", c_int32),
        ("keep_going", KeepGoing),
        ("user", c_void_p),
        ("sampling", Sampling),
        ("precision", c_int32),
        ("reserved", c_uint32),
        ("pin", c_int32),
        ("priority", c_int32),
        ("pool", c_void_p),  # for hosts in C and C++; NULL here
    ]


class StreamOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("keep_specials", c_uint32),
        ("stops", POINTER(c_char_p)),
        ("stop_count", c_size_t),
    ]


class Message(Structure):
    _fields_ = [("role", c_char_p), ("content", c_char_p), ("content_bytes", c_size_t)]


class ModelInfo(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("layers", c_uint32),
        ("hidden", c_uint32),
        ("heads", c_uint32),
        ("kv_heads", c_uint32),
        ("head_dim", c_uint32),
        ("vocab_size", c_uint32),
        ("context", c_uint32),
        ("parameters", c_uint64),
        ("weight_bytes", c_uint64),
        ("weights", c_int32),
        ("reserved", c_uint32),
        ("architecture", c_char * 32),
        ("name", c_char * 96),
    ]


class TokenizerInfo(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("vocab_size", c_uint32),
        ("bos", Token),
        ("pad", Token),
        ("adds_bos", c_uint32),
        ("end_count", c_uint32),
        ("end", Token * 16),
    ]


class Memory(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("weights", c_uint64),
        ("cache", c_uint64),
        ("scratch", c_uint64),
        ("peak_while_loading", c_uint64),
        ("total", c_uint64),
    ]


# Each kind of handle is a plain address here; the classes of this package keep them apart.
_handle = c_void_p
_handle_out = POINTER(c_void_p)
_size_out = POINTER(c_size_t)
_tokens = POINTER(Token)
_text = c_char_p
_text_out = POINTER(c_void_p)  # c_char_p would stop at a NUL
_error = POINTER(Error)
_messages = [POINTER(Message), c_size_t]

# name: (what it returns, what it takes)
FUNCTIONS: Dict[str, Tuple[Any, List[Any]]] = {
    "phi_abi_version": (c_uint32, []),
    "phi_version_string": (_text, []),
    "phi_status_name": (_text, [c_int32]),
    "phi_model_open": (c_int32, [_text, POINTER(ModelOptions), _handle_out, _error]),
    "phi_model_open_memory": (
        c_int32,
        [c_void_p, c_size_t, POINTER(ModelOptions), _handle_out, _error],
    ),
    "phi_model_convert": (c_int32, [_text, _text, POINTER(ModelOptions), _error]),
    "phi_model_estimate": (
        c_int32,
        [_text, POINTER(ModelOptions), POINTER(SessionOptions), POINTER(Memory), _error],
    ),
    "phi_model_info_get": (c_int32, [_handle, POINTER(ModelInfo), _error]),
    "phi_model_free": (None, [_handle]),
    "phi_model_tokenizer": (_handle, [_handle]),
    "phi_tokenizer_open": (c_int32, [_text, _handle_out, _error]),
    "phi_tokenizer_free": (None, [_handle]),
    "phi_tokenizer_info_get": (c_int32, [_handle, POINTER(TokenizerInfo), _error]),
    "phi_tokenizer_encode": (
        c_int32,
        [_handle, _text, c_size_t, c_int32, _tokens, c_size_t, _size_out, _error],
    ),
    "phi_tokenizer_encode_chat": (
        c_int32,
        [_handle, *_messages, c_int32, _tokens, c_size_t, _size_out, _error],
    ),
    "phi_tokenizer_render_chat": (
        c_int32,
        [_handle, *_messages, c_int32, c_void_p, c_size_t, _size_out, _error],
    ),
    "phi_tokenizer_render_chat_json": (
        c_int32,
        [_handle, _text, c_size_t, c_void_p, c_size_t, _size_out, _error],
    ),
    "phi_tokenizer_decode": (
        c_int32,
        [_handle, _tokens, c_size_t, c_int32, c_void_p, c_size_t, _size_out, _error],
    ),
    "phi_session_create": (c_int32, [_handle, POINTER(SessionOptions), _handle_out, _error]),
    "phi_session_free": (None, [_handle]),
    "phi_session_set_sampling": (c_int32, [_handle, POINTER(Sampling), _error]),
    "phi_session_append": (c_int32, [_handle, _tokens, c_size_t, _error]),
    "phi_session_append_logits": (c_int32, [_handle, _tokens, c_size_t, POINTER(c_float), _error]),
    "phi_session_append_chat": (c_int32, [_handle, *_messages, _error]),
    "phi_session_next": (c_int32, [_handle, _tokens, _error]),
    "phi_session_logits": (c_int32, [_handle, POINTER(POINTER(c_float)), _size_out, _error]),
    "phi_session_position": (c_uint32, [_handle]),
    "phi_session_tokens": (c_int32, [_handle, _tokens, c_size_t, _size_out, _error]),
    "phi_session_rewind": (c_int32, [_handle, c_uint32, _error]),
    "phi_session_cancel": (None, [_handle]),
    "phi_stream_create": (c_int32, [_handle, POINTER(StreamOptions), _handle_out, _error]),
    "phi_stream_push": (c_int32, [_handle, Token, _text_out, _size_out, _error]),
    "phi_stream_flush": (c_int32, [_handle, _text_out, _size_out, _error]),
    "phi_stream_free": (None, [_handle]),
}
