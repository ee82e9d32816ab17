"""A Hugging Face folder of phi-nano as a GGUF file, in the way llama.cpp's converter writes Phi-3 models."""

import json
import os

import gguf
from safetensors import safe_open

RENAMED = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "input_layernorm": "attn_norm",
    "self_attn.qkv_proj": "attn_qkv", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def gguf_name(name):
    """model.layers.3.mlp.down_proj.weight -> blk.3.ffn_down.weight"""
    stem = name.removesuffix(".weight")
    if stem.startswith("model.layers."):
        layer, _, part = stem.removeprefix("model.layers.").partition(".")
        return f"blk.{layer}.{RENAMED[part]}.weight"
    return f"{RENAMED[stem]}.weight"


def _read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


def _add_shape(writer, config):
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_scaling_orig_ctx_len(config["max_position_embeddings"])
    writer.add_sliding_window(0)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _add_tokenizer(writer, tokenizer, config, template):
    controls = {token["id"] for token in tokenizer["added_tokens"]}
    ids = {**tokenizer["model"]["vocab"], **{token["content"]: token["id"] for token in tokenizer["added_tokens"]}}
    tokens = sorted(ids, key=ids.get)
    types = [gguf.TokenType.CONTROL if ids[token] in controls else gguf.TokenType.NORMAL for token in tokens]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)


def write_gguf(folder, path):
    """All tensors in f32; llama-quantize makes the other formats of it."""
    config, tokenizer = _read(folder, "config.json"), _read(folder, "tokenizer.json")
    with open(os.path.join(folder, "chat_template.jinja"), encoding="utf-8") as file:
        template = file.read()
    writer = gguf.GGUFWriter(path, "phi3")
    writer.add_name("phi-nano")
    _add_shape(writer, config)
    _add_tokenizer(writer, tokenizer, config, template)
    with safe_open(os.path.join(folder, "model.safetensors"), framework="numpy") as weights:
        for name in weights.keys():
            writer.add_tensor(gguf_name(name), weights.get_tensor(name))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
