"""The package's structs, functions and numbers against phi.h, so that they cannot drift apart."""

import ctypes
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import support
from support import ROOT, phi

from phi import _abi

INCLUDE = ROOT / "capi/include"
HEADER = re.sub(r"/\*.*?\*/|^\s*#.*?[^\\]$", "", (INCLUDE / "phi.h").read_text(), flags=re.S | re.M)

STRUCTS = {
    "phi_error": _abi.Error,
    "phi_model_options": _abi.ModelOptions,
    "phi_sampling": _abi.Sampling,
    "phi_session_options": _abi.SessionOptions,
    "phi_stream_options": _abi.StreamOptions,
    "phi_message": _abi.Message,
    "phi_model_info": _abi.ModelInfo,
    "phi_tokenizer_info": _abi.TokenizerInfo,
    "phi_memory": _abi.Memory,
}
ENUMS = {
    "PHI_": phi.Status,
    "PHI_WEIGHTS_": phi.Weights,
    "PHI_ISA_": phi.Isa,
    "PHI_KV_": phi.Kv,
    "PHI_REPACK_": phi.Repack,
    "PHI_PRECISION_": phi.Precision,
    "PHI_PIN_": phi.Pin,
    "PHI_PRIORITY_": phi.Priority,
    "PHI_LOG_": phi.LogLevel,
}
SCALARS = {
    "void": None,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "phi_token": ctypes.c_int32,
    "phi_status": ctypes.c_int32,
}
# phi_thread_pool is no handle, but only its address is here, and that is NULL.
HANDLES = ("phi_model", "phi_tokenizer", "phi_session", "phi_stream", "phi_thread_pool")


def allowed(c_type: str) -> list:
    """The types of ctypes that stand for one of C."""
    c_type = re.sub(r"\bconst\b|\s", "", c_type)
    if c_type in SCALARS:
        return [SCALARS[c_type]]
    if c_type in STRUCTS:
        return [STRUCTS[c_type]]
    if not c_type.endswith("*"):
        raise AssertionError(f"unknown type {c_type}")
    target = c_type[:-1]
    if target == "char":
        return [ctypes.c_char_p, ctypes.c_void_p]
    if target == "char*":
        return [ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_void_p)]
    if target == "void" or target in HANDLES:
        return [ctypes.c_void_p]
    if target.rstrip("*") in HANDLES:
        return [ctypes.POINTER(ctypes.c_void_p)]
    return [ctypes.POINTER(known) for known in allowed(target)]


def header_fields(name: str) -> list:
    """(field, its C type or None for a callback, its length or None)"""
    body = re.search(rf"typedef struct {name} \{{(.*?)\}} {name};", HEADER, re.S).group(1)
    fields = []
    for declaration in filter(str.strip, body.split(";")):
        callback = re.search(r"\(PHI_CALL\* (\w+)\)", declaration)
        if callback:
            fields.append((callback.group(1), None, None))
        else:
            c_type, field, length = re.fullmatch(
                r"\s*(.*?)(\w+)(?:\[(\d+)\])?\s*", declaration, re.S
            ).groups()
            fields.append((field, c_type, length))
    return fields


def header_functions() -> dict:
    """name: (result, [parameter types])"""
    found = {}
    for result, name, parameters in re.findall(
        r"PHI_API ([^;(]*?)PHI_CALL (\w+)\((.*?)\);", HEADER, re.S
    ):
        types = [] if parameters.strip() == "void" else parameters.split(",")
        found[name] = (result, [re.sub(r"(\w+)\s*$", "", t) or t for t in types])
    return found


class AbiTest(unittest.TestCase):
    def test_structs_begin_as_those_of_the_header(self):
        for name, ours in STRUCTS.items():
            theirs = header_fields(name)
            self.assertGreaterEqual(len(theirs), len(ours._fields_), name)
            for (field, our_type), (their_field, c_type, length) in zip(ours._fields_, theirs):
                with self.subTest(f"{name}.{field}"):
                    if field == "reserved":
                        continue  # what a later version may give a name
                    self.assertEqual(field, their_field)
                    if c_type is None:
                        self.assertIn(our_type, (_abi.KeepGoing, _abi.Log))
                    elif length is not None:
                        item = ctypes.c_char if c_type.strip() == "char" else allowed(c_type)[0]
                        self.assertEqual((our_type._type_, our_type._length_), (item, int(length)))
                    else:
                        self.assertIn(our_type, allowed(c_type))

    def test_every_function_of_the_header_is_here_with_its_types(self):
        theirs = header_functions()
        self.assertGreater(len(theirs), 30)
        self.assertEqual(sorted(theirs), sorted(_abi.FUNCTIONS))
        for name, (result, parameters) in theirs.items():
            our_result, our_parameters = _abi.FUNCTIONS[name]
            with self.subTest(name):
                self.assertIn(our_result, allowed(result))
                self.assertEqual(len(our_parameters), len(parameters))
                for ours, c_type in zip(our_parameters, parameters):
                    self.assertIn(ours, allowed(c_type))

    def test_numbers(self):
        theirs = {
            name: int(value) for name, value in re.findall(r"\b(PHI_[A-Z0-9_]+) = (-?\d+)", HEADER)
        }
        self.assertGreater(len(theirs), 25)
        ours = {f"{prefix}{m.name}": m.value for prefix, enum in ENUMS.items() for m in enum}
        self.assertEqual(ours, {name: theirs.get(name) for name in ours})
        statuses = {f"PHI_{status.name}" for status in phi.Status}
        self.assertEqual({name for name in theirs if name.startswith("PHI_ERR_")} - statuses, set())

    def test_the_library_names_our_statuses(self):
        for status in phi.Status:
            self.assertEqual(phi.status_name(status), f"PHI_{status.name}")
        self.assertGreaterEqual(phi.abi_version(), _abi.ABI_VERSION)

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_a_compiler_lays_the_structs_out_alike(self):
        lines, expected = [], []
        for name, ours in STRUCTS.items():
            # A later header may be longer.
            lines.append(f'printf("%d\\n", sizeof({name}) >= {ctypes.sizeof(ours)});')
            expected.append(1)
            for field, _ in ours._fields_:
                if field != "reserved":
                    lines.append(f'printf("%d\\n", (int)offsetof({name}, {field}));')
                    expected.append(getattr(ours, field).offset)
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder, "layout.c"), Path(folder, "layout")
            source.write_text(
                "#include <phi.h>\n#include <stdio.h>\nint main(void) {\n"
                + "\n".join(lines)
                + "\nreturn 0; }\n"
            )
            subprocess.run(["cc", "-I", str(INCLUDE), str(source), "-o", str(program)], check=True)
            output = subprocess.run([str(program)], check=True, capture_output=True, text=True)
        self.assertEqual([int(line) for line in output.stdout.split()], expected)


if __name__ == "__main__":
    support.main()
