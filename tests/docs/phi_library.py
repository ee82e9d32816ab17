"""As much of phi.h as the tests of the documents need, through ctypes: every call that fails gives its status and message."""

import ctypes
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_float, c_int32, c_size_t, c_uint32, c_uint64, c_void_p

KEEP_GOING = ctypes.CFUNCTYPE(c_int32, c_void_p, ctypes.c_double)


class Error(Structure):
    _fields_ = [("code", c_int32), ("message", c_char * 252)]


class Options(Structure):
    """A struct that knows its own size; further arguments are its fields."""

    def __init__(self, **values):
        super().__init__(**{"struct_size": ctypes.sizeof(self), **values})


class ModelOptions(Options):
    _fields_ = [
        ("struct_size", c_uint32), ("weights", c_int32), ("threads", c_int32), ("isa", c_int32),
        ("memory_limit_bytes", c_uint64), ("keep_going", KEEP_GOING), ("log", c_void_p), ("user", c_void_p),
        ("repack", c_int32), ("reserved", c_uint32)]  # fmt: skip


class Sampling(Options):
    _fields_ = [
        ("struct_size", c_uint32), ("top_k", c_uint32), ("temperature", c_float), ("top_p", c_float), ("min_p", c_float),
        ("repeat_penalty", c_float), ("presence_penalty", c_float), ("frequency_penalty", c_float),
        ("penalty_window", c_uint32), ("ignore_end", c_uint32), ("seed", c_uint64), ("bias_tokens", c_void_p),
        ("biases", c_void_p), ("bias_count", c_size_t), ("stop_tokens", c_void_p), ("stop_count", c_size_t)]  # fmt: skip


class SessionOptions(Options):
    _fields_ = [
        ("struct_size", c_uint32), ("context", c_uint32), ("kv", c_int32), ("threads", c_int32),
        ("keep_going", KEEP_GOING), ("user", c_void_p), ("sampling", Sampling), ("precision", c_int32),
        ("reserved", c_uint32)]  # fmt: skip


class StreamOptions(Options):
    _fields_ = [
        ("struct_size", c_uint32), ("keep_specials", c_uint32), ("stops", POINTER(c_char_p)), ("stop_count", c_size_t)]  # fmt: skip


class Message(Structure):
    _fields_ = [("role", c_char_p), ("content", c_char_p), ("content_bytes", c_size_t)]


class Failure(Exception):
    """The text is `PHI_ERR_X: message`, as the documents quote it."""


class Library:
    """Handles are plain pointers and live as long as the process, which is a test."""

    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.phi_status_name.restype = c_char_p
        self.c.phi_model_tokenizer.restype = c_void_p

    def call(self, name, *arguments):
        error = Error()
        status = getattr(self.c, name)(*arguments, byref(error))
        if status < 0:
            raise Failure(f"{self.c.phi_status_name(status).decode()}: {error.message.decode()}")
        return status

    def made(self, name, *arguments):
        handle = c_void_p()
        self.call(name, *arguments, byref(handle))
        return handle

    def open(self, path, options=None):
        return self.made("phi_model_open", path.encode() if path else None, options and byref(options))

    def session(self, model, options=None):
        return self.made("phi_session_create", model, options and byref(options))

    def stream(self, model, options=None):
        return self.made("phi_stream_create", self.tokenizer(model), options and byref(options))

    def tokenizer(self, model):
        return c_void_p(self.c.phi_model_tokenizer(model))

    def append(self, session, ids):
        return self.call("phi_session_append", session, (c_int32 * len(ids))(*ids), c_size_t(len(ids)))

    def chat(self, session, *contents, role="user"):
        messages = [Message(role.encode(), text.encode(), len(text.encode())) for text in contents]
        return self.call("phi_session_append_chat", session, (Message * len(messages))(*messages), c_size_t(len(messages)))

    def next(self, session):
        return self.call("phi_session_next", session, byref(c_int32()))
