"""The errors of docs/troubleshooting.md, each brought about as a user would: a function per error, in the order of the page.

Each gets a Workshop, whose folder holds copies of small models under the names that the page uses, and lets a Failure out.
"""

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys

from markdown_page import REPOSITORY
from phi_library import (
    KEEP_GOING, Failure, Library, ModelOptions, Sampling, SessionOptions, StreamOptions)  # fmt: skip

NANO = REPOSITORY / "examples/phi-nano/phi-nano.phi"
GOLDEN = REPOSITORY / "tests/golden/data"
PROVOCATIONS = []


def provocation(function):
    PROVOCATIONS.append(function)
    return function


class Workshop:
    def __init__(self, library_path, phi, folder):
        self.library_path, self.phi, self.folder = library_path, phi, folder
        self.library = Library(library_path)
        self.callbacks = []
        shutil.copy(NANO, folder / "phi-nano.phi")

    def callback(self, answer):
        """A keep_going that lives as long as its session may call it."""
        self.callbacks.append(KEEP_GOING(lambda user, done: answer))
        return self.callbacks[-1]

    def model(self, **options):
        return self.library.open("phi-nano.phi", ModelOptions(**options))

    def session(self, **options):
        return self.library.session(self.model(), SessionOptions(**options))

    def write(self, name, data):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(data)
        return name

    def gguf(self):
        return (GOLDEN / "gguf/g1_phi4/g1_phi4-Q4_0.gguf").read_bytes()

    def checkpoint(self, **changes):
        """A Hugging Face folder with members of its config.json changed."""
        folder = self.folder / "my-model"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(GOLDEN / "c1_phi4", folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **changes}))
        return folder

    def command(self, *command, **options):
        done = subprocess.run(
            [str(word) for word in command], cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)  # fmt: skip
        if done.returncode != 0:
            raise Failure(done.stdout)


# ---- opening a model ----


@provocation
def wrong_path(w):
    w.library.open("phi-5.gguf")


@provocation
def empty_folder(w):
    (w.folder / "my-model").mkdir()
    w.library.open("my-model")


@provocation
def git_lfs_pointer(w):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9053114816\n"
    w.library.open(w.write("phi-4.gguf", pointer))


@provocation
def truncated_gguf(w):
    w.library.open(w.write("phi-4.gguf", w.gguf()[:-4096]))


@provocation
def truncated_packed(w):
    w.library.open(w.write("cut.phi", NANO.read_bytes()[:-4096]))


@provocation
def truncated_safetensors(w):
    weights = w.checkpoint() / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4096])
    w.library.open("my-model")


@provocation
def damaged_packed(w):
    data = bytearray(NANO.read_bytes())
    data[100] ^= 1
    w.library.open(w.write("bent.phi", bytes(data)))


@provocation
def missing_shard(w):
    shutil.copytree(GOLDEN / "c8_phi4_sharded", w.folder / "my-model")
    next((w.folder / "my-model").glob("model-00002*")).unlink()
    w.library.open("my-model")


@provocation
def unknown_gguf_architecture(w):
    w.library.open(w.write("gemma.gguf", w.gguf().replace(b"\x04\0\0\0\0\0\0\0phi3", b"\x04\0\0\0\0\0\0\0gemm", 1)))


@provocation
def unknown_model_type(w):
    w.checkpoint(model_type="gemma2")
    w.library.open("my-model")


@provocation
def quantized_checkpoint(w):
    w.checkpoint(quantization_config={"quant_method": "gptq", "bits": 4})
    w.library.open("my-model")


@provocation
def unknown_block_type(w):
    data = bytearray(w.gguf())
    name = b"blk.0.ffn_down.weight"
    struct.pack_into("<I", data, data.index(name) + len(name) + 4 + 2 * 8, 16)  # behind the name: 2, both sizes, type
    w.library.open(w.write("phi-4-IQ2_XXS.gguf", bytes(data)))


@provocation
def newer_packed_version(w):
    data = bytearray(NANO.read_bytes())
    struct.pack_into("<I", data, 8, 2)
    w.library.open(w.write("next-year.phi", bytes(data)))


@provocation
def no_tokenizer(w):
    (w.checkpoint() / "tokenizer.json").unlink()
    model = w.library.open("my-model")
    w.library.chat(w.library.session(model), "Hello")


@provocation
def cancelled_load(w):
    w.model(keep_going=w.callback(0), weights=1)


# ---- memory and threads ----


@provocation
def over_budget_at_open(w):
    w.model(memory_limit_bytes=1_000_000)


@provocation
def over_budget_at_create(w):
    model = w.model(memory_limit_bytes=4_000_000)
    w.library.session(model)


def with_little_memory(w, code):
    """In a process of its own, which may ask for one more megabyte once the model is open."""
    script = f"""
import resource, sys
sys.path.insert(0, {str(REPOSITORY / "tests/docs")!r})
from phi_library import *
library = Library({str(w.library_path)!r})
model = library.open("phi-nano.phi")
def limit(bytes):
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + bytes,) * 2)
try:
    {code}
except Failure as failure:
    sys.exit(str(failure))
"""
    w.command(sys.executable, "-B", "-c", script)


@provocation
def out_of_memory(w):
    # More than one: the first may fit into what loading has given back.
    with_little_memory(w, "limit(1_000_000); [library.session(model, SessionOptions(threads=1)) for _ in range(20)]")


@provocation
def out_of_threads(w):
    with_little_memory(w, "limit(20_000_000); library.session(model, SessionOptions(threads=16))")


@provocation
def too_many_threads(w):
    w.session(threads=5000)


@provocation
def unknown_isa(w):
    w.model(isa=9)


# ---- prompts and answers ----


@provocation
def no_chat_template(w):
    folder = w.checkpoint()
    (folder / "tokenizer_config.json").unlink()
    tokenizer = (folder / "tokenizer.json").read_text().replace("<|im_", "<|other_")
    (folder / "tokenizer.json").write_text(tokenizer)
    w.library.chat(w.library.session(w.library.open("my-model")), "Hello")


@provocation
def template_refuses(w):
    """As the templates of several instruction models do."""
    rule = (
        "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
        "{% endif %}{{ m['content'] }}{% endfor %}"
    )
    config = w.checkpoint() / "tokenizer_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "chat_template": rule}))
    w.library.chat(w.library.session(w.library.open("my-model")), "Hello", "Are you there?")


@provocation
def context_too_long(w):
    w.session(context=131072)


@provocation
def context_full(w):
    session = w.session(context=16)
    w.library.append(session, [1] * 10)
    w.library.append(session, [1] * 10)


@provocation
def context_full_in_next(w):
    session = w.session(context=16)
    w.library.append(session, [1] * 16)
    while True:
        w.library.next(session)


@provocation
def next_on_empty_session(w):
    w.library.next(w.session())


@provocation
def cancelled(w):
    session = w.session()
    w.library.c.phi_session_cancel(session)
    w.library.append(session, [1])


@provocation
def cancelled_by_callback(w):
    session = w.session(keep_going=w.callback(0))
    w.library.append(session, [1] * 400)


@provocation
def rewind_beyond(w):
    w.library.call("phi_session_rewind", w.session(), 7)


@provocation
def token_outside_vocabulary(w):
    w.library.append(w.session(), [200000])


@provocation
def negative_temperature(w):
    w.session(sampling=Sampling(temperature=-1))


@provocation
def empty_stop_string(w):
    w.library.stream(w.model(), StreamOptions(stops=(ctypes.c_char_p * 1)(b""), stop_count=1))


@provocation
def buffer_too_small(w):
    count = ctypes.c_size_t()
    text = b"Once upon a time"
    w.library.call("phi_tokenizer_encode", w.library.tokenizer(w.model()), text, ctypes.c_size_t(len(text)), 0,
                   (ctypes.c_int32 * 2)(), ctypes.c_size_t(2), ctypes.byref(count))  # fmt: skip


# ---- calling the library ----


@provocation
def struct_size_zero(w):
    w.library.open("phi-nano.phi", ModelOptions(struct_size=0))


@provocation
def struct_newer_than_library(w):
    class NextYear(ctypes.Structure):
        _fields_ = [("base", ModelOptions), ("more", ctypes.c_uint8 * 400)]

    options = NextYear(base=ModelOptions(struct_size=ctypes.sizeof(NextYear)))
    options.more[-1] = 1
    w.library.made("phi_model_open", b"phi-nano.phi", ctypes.byref(options))


@provocation
def no_path(w):
    w.library.open(None)


@provocation
def no_session(w):
    w.library.append(None, [1])


# ---- building and starting a program, also where a libphi is installed: that one must not be found ----


def program(w, source="int main(void) { return (int)phi_abi_version() - 1; }"):
    w.write("program.c", b"#include <phi.h>\n" + source.encode())
    return ["cc", "program.c", "-o", "program", f"-I{REPOSITORY / 'capi/include'}"]


@provocation
def header_not_found(w):
    w.command(*program(w)[:-1], "-nostdinc", "-I.")


@provocation
def not_linked(w):
    w.command(*program(w))


@provocation
def cpp_with_the_shared_library(w):
    w.write("program.cc", b"#include <phi/model.h>\nint main() { phi::Model::open(\"phi-nano.phi\"); }")
    w.command("c++", "-std=c++20", "program.cc", "-o", "program", f"-I{REPOSITORY / 'include'}",
              f"-L{w.library_path.parent}", "-lphi", "-fopenmp")  # fmt: skip


@provocation
def shared_library_not_found(w):
    w.command(*program(w), f"-L{w.library_path.parent}", "-lphi", "-Wl,-z,nodefaultlib")
    w.command("/lib64/ld-linux-x86-64.so.2", "--inhibit-cache", "./program", env={"LD_LIBRARY_PATH": str(w.folder)})


@provocation
def pkg_config_does_not_know(w):
    w.command("pkg-config", "--cflags", "phi", env={**os.environ, "PKG_CONFIG_LIBDIR": str(w.folder), "PKG_CONFIG_PATH": ""})


@provocation
def cmake_does_not_know(w):
    nowhere = "".join(f"set(CMAKE_FIND_USE_{place}_PATH OFF)\n" for place in
                      ("CMAKE_ENVIRONMENT", "SYSTEM_ENVIRONMENT", "CMAKE_SYSTEM"))  # fmt: skip
    lists = f"cmake_minimum_required(VERSION 3.16)\nproject(app C)\n{nowhere}find_package(phi REQUIRED)\n"
    w.write("CMakeLists.txt", lists.encode())
    w.command("cmake", "-B", "build")


# ---- the program phi ----


@provocation
def phi_without_the_model(w):
    w.command(w.phi, "run", "nope.gguf", "Hello")


@provocation
def phi_output_exists(w):
    w.write("phi-4.phi", b"")
    w.command(w.phi, "convert", "phi-nano.phi", "phi-4.phi")
