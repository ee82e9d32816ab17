"""What the model thinks of each token of a text, with numpy.   usage: python logits.py [TEXT [MODEL]]

Prints the probability of each token after those before it, what the model expected most, and the
perplexity of the whole.
"""

import sys
from pathlib import Path

import numpy as np

import phi

PHI_NANO = Path(__file__).resolve().parents[4] / "examples/phi-nano/phi-nano.phi"
TEXT = "The capital of France is Paris."


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def main(text: str, path: str) -> None:
    with phi.Model.open(path) as model, phi.Session(model) as session:
        tokenizer = model.tokenizer
        tokens = tokenizer.encode(text)
        if len(tokens) < 2:
            sys.exit("logits.py: two tokens at least are needed")
        log_probabilities = log_softmax(session.append_logits(tokens))  # [tokens, vocabulary]
        following = np.array(tokens[1:])
        of_text = log_probabilities[np.arange(len(following)), following]
        best = log_probabilities[:-1].argmax(axis=1)
        for token, expected, value in zip(following, best, of_text):
            word, other = tokenizer.decode([token]), tokenizer.decode([expected])
            print(f"{word!r:>16} {np.exp(value):8.4f}   expected {other!r}")
        print(f"perplexity {np.exp(-of_text.mean()):.2f}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    try:
        main(
            arguments[0] if arguments else TEXT,
            arguments[1] if len(arguments) > 1 else str(PHI_NANO),
        )
    except phi.PhiError as problem:
        sys.exit(f"logits.py: {problem}")
