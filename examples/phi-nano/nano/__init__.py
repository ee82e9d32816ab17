"""The parts of phi-nano: its data, its tokenizer, its model and its three stages of training."""
