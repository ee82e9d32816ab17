"""What the tests of the Python package share: models, and a way out where one is missing."""

import json
import os
import shutil
import struct
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Callable, List

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "capi/bindings/python"
sys.path.insert(0, str(PACKAGE))

import phi  # noqa: E402

NANO = ROOT / "examples/phi-nano/phi-nano.phi"
FOLDER = ROOT / "tests/golden/data/c1_phi4"
GGUF = ROOT / "tests/golden/data/gguf/g1_phi4/g1_phi4-Q8_0.gguf"

ASK = [{"role": "user", "content": "What is 47 + 38?"}]

needs_nano = unittest.skipUnless(NANO.exists(), "no phi-nano.phi")


def skip(reason: str) -> None:
    """Ends the program as tests/CMakeLists.txt wants a skipped test."""
    print("skipped:", reason, flush=True)
    sys.exit(0)


def main() -> None:
    if not os.environ.get("PHI_LIBRARY"):
        skip("PHI_LIBRARY names no libphi.so")
    unittest.main()


def write_slow_model(folder: Path) -> Path:
    """A model of zeros that takes its time: a long context, a wide MLP. Sparse on disk."""
    hidden, inner, layers, context = 256, 4096, 8, 8192
    config = json.loads((FOLDER / "config.json").read_text())
    config.update(
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        max_position_embeddings=context,
        original_max_position_embeddings=context,
    )
    vocab, kv = config["vocab_size"], hidden // config["num_attention_heads"] * 2
    shapes = {
        "lm_head.weight": [vocab, hidden],
        "model.embed_tokens.weight": [vocab, hidden],
        "model.norm.weight": [hidden],
    }
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        shapes[prefix + "input_layernorm.weight"] = [hidden]
        shapes[prefix + "post_attention_layernorm.weight"] = [hidden]
        shapes[prefix + "self_attn.qkv_proj.weight"] = [hidden + 2 * kv, hidden]
        shapes[prefix + "self_attn.o_proj.weight"] = [hidden, hidden]
        shapes[prefix + "mlp.gate_up_proj.weight"] = [2 * inner, hidden]
        shapes[prefix + "mlp.down_proj.weight"] = [hidden, inner]
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(FOLDER / name, folder / name)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return folder


def workers() -> List[int]:
    """The library's own threads in this process, by their numbers in Linux."""
    tasks = Path("/proc/self/task").iterdir()
    return [
        int(task.name) for task in tasks if (task / "comm").read_text().startswith("phi-worker-")
    ]


class TestCase(unittest.TestCase):
    """A folder for each test class, and the models that its tests ask for."""

    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls._folder = tempfile.TemporaryDirectory(prefix="phi-python-")
        cls.folder = Path(cls._folder.name)

    @classmethod
    def tearDownClass(cls) -> None:
        cls._folder.cleanup()

    def model(self, path: Path = FOLDER, options: phi.ModelOptions = phi.ModelOptions()):
        model = phi.Model.open(path, options)
        self.addCleanup(model.close)
        return model

    def session(self, model=None, **options):
        session = phi.Session(model or self.model(), phi.SessionOptions(**options))
        self.addCleanup(session.close)
        return session

    def slow_session(self, **options):
        folder = self.folder / "slow"
        if not folder.exists():
            write_slow_model(folder)
        return self.session(self.model(folder), context=8000, **options)

    def assert_worker(self, expected: Any, look: Callable[[int], Any]) -> None:
        """There is one worker, and it looks as expected as soon as it has set itself up."""
        [worker] = workers()
        deadline = time.monotonic() + 30
        while look(worker) != expected and time.monotonic() < deadline:
            time.sleep(0.001)
        self.assertEqual(look(worker), expected)


SLOW_PROMPT = [1] * 7900
