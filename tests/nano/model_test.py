"""phi-nano's model, packing and export against the originals: Hugging Face's Phi3ForCausalLM and its tokenizer."""

import json
import os
import random
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
NANO = os.path.join(HERE, "..", "..", "examples", "phi-nano")
sys.path.insert(0, NANO)

try:
    import numpy
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModelForCausalLM, AutoTokenizer
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

import train_tokenizer  # noqa: E402
from nano import chats, textbook  # noqa: E402
from nano.batches import Documents, Packer  # noqa: E402
from nano.folder import write_folder  # noqa: E402
from nano.generation import answer_all  # noqa: E402
from nano.model import PhiNano, Shape  # noqa: E402
from nano.optimization import rate_at  # noqa: E402
from nano.preferences import answer_likelihoods, answer_rows, dpo_loss  # noqa: E402
from nano.template import ChatEncoder  # noqa: E402

SHAPE = Shape(2048, 64, 96, 3, 4, 2, 128)
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is 47 + 38?"},
    {"role": "assistant", "content": "Answer: 85"},
    {"role": "user", "content": "And 1 more?"},
]


class ModelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        cls._write_data(random.Random(1))
        torch.manual_seed(1)
        cls.model = PhiNano(SHAPE)
        with torch.no_grad():
            for parameter in cls.model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        cls.tokenizer = Tokenizer.from_file(cls.path("tokenizer.json"))
        cls.encoder = ChatEncoder(cls.tokenizer)
        write_folder(cls.model, cls.tokenizer, cls.path("tokenizer.json"), cls.path("phi-nano"))
        cls.original = AutoModelForCausalLM.from_pretrained(cls.path("phi-nano")).eval()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def _write_data(cls, rng):
        for name, make in (("textbook.jsonl", textbook.page), ("chats.jsonl", chats.conversation)):
            with open(cls.path(name), "w", encoding="utf-8") as file:
                file.writelines(json.dumps(make(rng)) + "\n" for _ in range(1500))
        arguments, sys.argv = sys.argv, ["", cls.folder, cls.path("tokenizer.json")]
        try:
            train_tokenizer.main()
        finally:
            sys.argv = arguments

    def tokens(self, rows, length):
        return torch.randint(0, 2000, (rows, length), generator=torch.Generator().manual_seed(2))

    def test_logits_are_those_of_phi3(self):
        tokens = self.tokens(2, 100)
        with torch.inference_mode():
            expected = self.original(tokens).logits
            actual = self.model(tokens)
        self.assertGreater(expected.std().item(), 0.1)
        self.assertLess((actual - expected).abs().max().item(), 1e-4 * expected.abs().max().item())

    def test_answers_with_caches_are_those_of_phi3(self):
        prompts = [row.tolist() for row in self.tokens(3, 9)] + [row.tolist() for row in self.tokens(2, 5)]
        ours = answer_all(self.model, prompts, end=-1, most=20)
        for prompt, answer in zip(prompts, ours):
            tokens = torch.tensor([prompt + answer])
            with torch.inference_mode():
                logits = self.original(tokens).logits[0, len(prompt) - 1 : -1]
            chosen = logits.gather(1, torch.tensor(answer)[:, None])[:, 0]
            behind = logits.max(dim=1).values - chosen
            self.assertLess(behind.max().item(), 0.02 * logits.std().item())  # bf16 may turn near-ties

    def test_chats_are_encoded_as_the_template_says(self):
        tokenizer = AutoTokenizer.from_pretrained(self.path("phi-nano"))
        text = tokenizer.apply_chat_template(MESSAGES, tokenize=False)
        expected = "".join(f"<|im_start|>{m['role']}<|im_sep|>{m['content']}<|im_end|>" for m in MESSAGES)
        self.assertEqual(text, expected)
        ids, learned = self.encoder.conversation(MESSAGES)
        self.assertEqual(ids, tokenizer.encode(text, add_special_tokens=False))
        spoken = [token for token, by_assistant in zip(ids, learned) if by_assistant]
        self.assertEqual(self.tokenizer.decode(spoken, skip_special_tokens=False), "Answer: 85<|im_end|>")

    def test_digits_and_capitals_are_single_tokens(self):
        self.assertEqual(self.tokenizer.encode("1234567890").tokens, list("1234567890"))
        self.assertEqual(self.tokenizer.encode("QXLEMA").tokens, list("QXLEMA"))

    def test_rows_begin_with_a_document_and_are_full(self):
        documents = Documents(self.path("chats.jsonl"), self.encoder, self.folder)
        packer = Packer(documents)
        inputs, targets = packer.batch(60, 256)
        self.assertEqual(inputs.shape, (60, 255))
        kept = targets != -100
        self.assertTrue(torch.equal(targets[:, :-1][kept[:, :-1]], inputs[:, 1:][kept[:, :-1]]))
        starts = (inputs[:, 0] == self.encoder.start).float().mean().item()
        self.assertEqual(starts, 1.0)
        filled = (inputs != self.encoder.end_of_text).float().mean().item()
        self.assertGreater(filled, 0.9)

    def test_pages_come_back_as_their_text(self):
        documents = Documents(self.path("textbook.jsonl"), self.encoder, self.folder)
        with open(self.path("textbook.jsonl"), encoding="utf-8") as file:
            for line, (ids, learned) in zip(list(file)[:50], documents.forever()):
                self.assertEqual(self.tokenizer.decode(ids[:-1]), json.loads(line))
                self.assertEqual(ids[-1], self.encoder.end_of_text)
                self.assertTrue(numpy.all(learned))

    def test_dpo_starts_at_log_two_and_falls_with_the_margin(self):
        prompt = self.encoder.prompt("What is 1 + 1?")
        pair = {"prompt": prompt, "chosen": self.encoder.reply("2"), "rejected": self.encoder.reply("three or so")}
        settings = {"beta": 0.5, "likelihood_weight": 0.0}
        loss, tokens = dpo_loss(self.model, self.model, [pair] * 2, settings, self.encoder.end_of_text)
        self.assertAlmostEqual(loss.item(), 0.6931, places=3)
        self.assertEqual(tokens, 2 * (len(pair["chosen"]) + len(pair["rejected"])))
        loss.backward()
        better = PhiNano(SHAPE)
        better.load_state_dict(self.model.state_dict())
        with torch.no_grad():
            for ours, changed in zip(self.model.parameters(), better.parameters()):
                changed -= 0.01 * ours.grad / ours.grad.norm()
        improved, _ = dpo_loss(better, self.model, [pair] * 2, settings, self.encoder.end_of_text)
        self.assertLess(improved.item(), loss.item())

    def test_likelihood_of_an_answer_leaves_out_prompt_and_padding(self):
        prompt = self.encoder.prompt("Sort: 3, 1")
        answers = [self.encoder.reply("Answer: 1, 3"), self.encoder.reply("Answer: 1, 3 and so on")]
        pairs = [{"prompt": prompt, "chosen": answer} for answer in answers]
        together, lengths = answer_likelihoods(self.model, answer_rows(pairs, "chosen", self.encoder.end_of_text))
        self.assertEqual(lengths.tolist(), [len(answer) for answer in answers])
        with torch.inference_mode():
            logits = self.original(torch.tensor([prompt + answers[0]])).logits[0]
        log_probabilities = logits.log_softmax(dim=-1)[len(prompt) - 1 : -1]
        expected = log_probabilities.gather(1, torch.tensor(answers[0])[:, None]).sum().item()
        self.assertAlmostEqual(together[0].item() / expected, 1.0, delta=0.01)  # bf16

    def test_rate_rises_stays_and_falls(self):
        cycles = [{"steps": 100, "rate": 1.0, "last_rate": 0.1, "warmup": 10, "decay": 50},
                  {"steps": 20, "until": 10, "rate": 0.5, "last_rate": 0.0, "warmup": 5},
                  {"steps": 20, "rate": 0.2, "last_rate": 0.0, "warmup": 0}]  # fmt: skip
        self.assertAlmostEqual(rate_at(0, cycles), 0.1)
        self.assertEqual(rate_at(30, cycles), 1.0)
        self.assertAlmostEqual(rate_at(75, cycles), 0.55)
        self.assertLess(rate_at(99, cycles), 0.11)
        self.assertAlmostEqual(rate_at(100, cycles), 0.1)
        self.assertEqual(rate_at(105, cycles), 0.5)
        self.assertGreater(rate_at(109, cycles), 0.25)
        self.assertEqual(rate_at(110, cycles), 0.2)
        self.assertLess(rate_at(129, cycles), 0.01)


if __name__ == "__main__":
    unittest.main()
