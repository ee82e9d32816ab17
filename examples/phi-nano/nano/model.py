"""Phi3ForCausalLM: the architecture of Phi-4, small. Parameter names are those of the Hugging Face class."""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    """Sizes under the names that config.json gives them."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    max_position_embeddings: int
    rope_theta: float = 250000.0
    rms_norm_eps: float = 1e-5

    @property
    def head_size(self):
        return self.hidden_size // self.num_attention_heads

    def as_dict(self):
        return asdict(self)


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)


def rotate(x, cos, sin):
    """Rotary embedding over the two halves of each head. x: [batch, heads, length, head size]."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def rotary_table(shape):
    """cos and sin, [positions, head size / 2] each."""
    half = shape.head_size // 2
    frequencies = shape.rope_theta ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = torch.arange(shape.max_position_embeddings, dtype=torch.float32)[:, None] * frequencies
    return angles.cos(), angles.sin()


def attend(queries, keys, values):
    """Causal attention whose query heads share their group's keys; the last query sees all keys.

    As plain matrix products: on processors they are several times faster than scaled_dot_product_attention in bf16.
    """
    batch, heads, length, size = queries.shape
    kv_heads, total = keys.shape[1:3]
    grouped = (queries * size**-0.5).reshape(batch, kv_heads, heads // kv_heads * length, size)
    scores = (grouped @ keys.transpose(2, 3)).view(batch, heads, length, total)
    if length > 1:
        future = torch.full((length, total), -torch.inf, dtype=scores.dtype, device=scores.device)
        scores = scores + future.triu(total - length + 1)
    weights = scores.softmax(dim=-1).view(batch, kv_heads, -1, total)
    return (weights @ values).view(batch, heads, length, size)


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.heads, self.kv_heads, self.size = shape.num_attention_heads, shape.num_key_value_heads, shape.head_size
        rows = (self.heads + 2 * self.kv_heads) * self.size
        self.qkv_proj = nn.Linear(shape.hidden_size, rows, bias=False)
        self.o_proj = nn.Linear(self.heads * self.size, shape.hidden_size, bias=False)

    def forward(self, x, cos, sin, cache=None):
        """cache: a list of the keys and values of earlier positions, which grows; or None."""
        batch, length, _ = x.shape
        rows = self.qkv_proj(x).view(batch, length, -1, self.size).transpose(1, 2)
        queries, keys, values = rows.split((self.heads, self.kv_heads, self.kv_heads), dim=1)
        queries, keys = rotate(queries, cos, sin), rotate(keys, cos, sin)
        if cache is not None:
            if cache:
                keys, values = torch.cat((cache[0], keys), dim=2), torch.cat((cache[1], values), dim=2)
            cache[:] = keys, values
        out = attend(queries, keys, values)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate_up_proj = nn.Linear(shape.hidden_size, 2 * shape.intermediate_size, bias=False)
        self.down_proj = nn.Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, x):
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        return self.down_proj(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.input_layernorm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.mlp = Mlp(shape)

    def forward(self, x, cos, sin, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)


class PhiNano(nn.Module):
    """Embedding and output matrix are one (tie_word_embeddings)."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.model = Decoder(shape)
        cos, sin = rotary_table(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.apply(self._initialise)

    def _initialise(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            deviation = 0.02
            if isinstance(module, nn.Linear) and module.out_features == self.shape.hidden_size:
                deviation /= math.sqrt(2 * self.shape.num_hidden_layers)  # what is added to the residual stream
            nn.init.normal_(module.weight, std=deviation)

    def hidden(self, tokens, caches=None):
        """tokens: [batch, length]; caches: one list per layer, see Attention. [batch, length, hidden], normalised."""
        start = caches[0][0].shape[2] if caches and caches[0] else 0
        x = self.model.embed_tokens(tokens)
        end = start + tokens.shape[1]
        dtype = torch.get_autocast_dtype(x.device.type) if torch.is_autocast_enabled(x.device.type) else x.dtype
        x, cos, sin = x.to(dtype), self.cos[start:end].to(dtype), self.sin[start:end].to(dtype)
        for index, layer in enumerate(self.model.layers):
            x = layer(x, cos, sin, caches[index] if caches else None)
        return self.model.norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.model.embed_tokens.weight)

    def forward(self, tokens, caches=None):
        return self.logits(self.hidden(tokens, caches))

    def new_caches(self):
        return [[] for _ in self.model.layers]

    def parameter_count(self):
        return sum(parameter.numel() for parameter in self.parameters())
