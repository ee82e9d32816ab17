"""A chat in the terminal.   usage: python chat.py [MODEL]

An empty line or the end of input ends it; Ctrl-C ends an answer.
"""

import sys
from pathlib import Path

import phi

PHI_NANO = Path(__file__).resolve().parents[4] / "examples/phi-nano/phi-nano.phi"


def main(path: str) -> None:
    conversation = []
    with phi.Model.open(path) as model, phi.Session(model) as session:
        while True:
            try:
                question = input("> ")
            except EOFError:
                question = ""
            if not question:
                return
            conversation.append({"role": "user", "content": question})
            answer = ""
            try:
                for text in session.reply(conversation):
                    print(text, end="", flush=True)
                    answer += text
            except KeyboardInterrupt:
                print(" ...", end="")
            except phi.ContextFullError:
                print("\n(the conversation is too long; it starts again)", end="")
                conversation.clear()
                continue
            finally:
                print()
            conversation.append({"role": "assistant", "content": answer})


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else str(PHI_NANO))
    except phi.PhiError as problem:
        sys.exit(f"chat.py: {problem}")
