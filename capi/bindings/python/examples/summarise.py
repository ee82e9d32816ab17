"""Summarises a text file.   usage: python summarise.py FILE [MODEL]

What does not fit the model's context is cut off, at a token, and said so.
"""

import sys
from pathlib import Path

import phi

PHI_NANO = Path(__file__).resolve().parents[4] / "examples/phi-nano/phi-nano.phi"
ANSWER_TOKENS = 200


def request(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Summarise this text in a few sentences.\n\n{text}"}]


def main(file: str, path: str) -> None:
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    with phi.Model.open(path) as model:
        context = min(model.info.context, 8192)
        frame = len(model.tokenizer.encode_chat(request("")))
        tokens = model.tokenizer.encode(text)
        # A text may have a token more at the cut, and in the middle of a chat.
        room = context - frame - ANSWER_TOKENS - 8
        if len(tokens) > room:
            print(f"(the first {room} of {len(tokens)} tokens)", file=sys.stderr)
            text = model.tokenizer.decode(tokens[:room])
        with phi.Session(model, phi.SessionOptions(context=context)) as session:
            for piece in session.reply(request(text), max_tokens=ANSWER_TOKENS):
                print(piece, end="", flush=True)
    print()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else str(PHI_NANO))
    except (phi.PhiError, OSError) as problem:
        sys.exit(f"summarise.py: {problem}")
