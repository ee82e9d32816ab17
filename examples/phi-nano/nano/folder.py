"""A model and its tokenizer as a Hugging Face folder."""

import json
import os
import shutil

from safetensors.torch import save_file

from .template import END_OF_TEXT, IM_END, JINJA


def special_ids(tokenizer):
    """The ids under the names that configurations give them."""
    text, turn = tokenizer.token_to_id(END_OF_TEXT), tokenizer.token_to_id(IM_END)
    return {"bos_token_id": text, "eos_token_id": turn, "pad_token_id": text}


def _config(shape, ids):
    return {
        "architectures": ["Phi3ForCausalLM"],
        "model_type": "phi3",
        **shape.as_dict(),
        "original_max_position_embeddings": shape.max_position_embeddings,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "initializer_range": 0.02,
        "partial_rotary_factor": 1.0,
        "rope_scaling": None,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "use_cache": True,
        **ids,
    }


def _tokenizer_config(shape):
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": IM_END,
        "pad_token": END_OF_TEXT,
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": shape.max_position_embeddings,
    }


def _write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2, ensure_ascii=False)
        file.write("\n")


def write_folder(model, tokenizer, tokenizer_file, folder):
    """config.json, generation_config.json, model.safetensors (f32) and the tokenizer's files."""
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)  # noqa: E731
    ids = special_ids(tokenizer)
    _write_json(path("config.json"), _config(model.shape, ids))
    _write_json(path("generation_config.json"), {**ids, "eos_token_id": [ids["bos_token_id"], ids["eos_token_id"]]})
    shutil.copyfile(tokenizer_file, path("tokenizer.json"))
    _write_json(path("tokenizer_config.json"), _tokenizer_config(model.shape))
    with open(path("chat_template.jinja"), "w", encoding="utf-8") as file:
        file.write(JINJA)
    weights = {name: tensor.detach().float().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, path("model.safetensors"), metadata={"format": "pt"})
