"""Phi-4's chat format."""

CONTROL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_sep|>", "<|im_end|>"]
END_OF_TEXT, IM_START, IM_SEP, IM_END = CONTROL_TOKENS

JINJA = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '<|im_sep|>' + message['content'] + '<|im_end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}"
)


class ChatEncoder:
    """Messages to token ids. Contents are encoded as plain text, each for itself."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.end_of_text, self.start, self.sep, self.end = map(tokenizer.token_to_id, CONTROL_TOKENS)
        self.roles = {role: self.text(role) for role in ("system", "user", "assistant")}

    def text(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def head(self, role):
        return [self.start, *self.roles[role], self.sep]

    def prompt(self, question):
        """A conversation of one question, up to where the answer begins."""
        return [*self.head("user"), *self.text(question), self.end, *self.head("assistant")]

    def reply(self, text):
        """What the model is to say: the text and the end of its turn."""
        return [*self.text(text), self.end]

    def conversation(self, messages):
        """(ids, learned): learned[i] tells whether ids[i] is a token of the assistant."""
        ids, learned = [], []
        for message in messages:
            head, body = self.head(message["role"]), self.reply(message["content"])
            ids += head + body
            learned += [False] * len(head) + [message["role"] == "assistant"] * len(body)
        return ids, learned
