"""Queries, keys and value norms of every layer, from a model's own hidden states and projections.

One forward pass with `output_hidden_states` gives the input of each layer; the layer's own
normalisation and projections, called as functions, give its queries, keys and values. Heads are
switched off by transformers' own `head_mask` argument. Nothing is hooked, wrapped or set on the
model, so that it may be shared by everyone at once, and no (heads, query, key) array of more than
one layer exists at a time.

The models must be loaded with ``attn_implementation="eager"``. All shapes below: `heads` heads of
`size` numbers each, `length` tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelFilesError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Architecture:
    """How Attendome reads one of transformers' model families.

    Attributes
    ----------
    model_class : transformers class for each entry of a config's `architectures`.
    layers, heads, context : names of the config's fields.
    kinds : kinds of attention, the default first.
    ignorable : beginnings of parameter names that may be absent from or extra in the files.
    """

    name: str
    model_class: dict[str, str]
    layers: str
    heads: str
    context: str
    kinds: tuple[str, ...]
    ignorable: tuple[str, ...] = ()


ARCHITECTURES = {
    a.name: a
    for a in (
        Architecture(
            "gpt2",
            {"GPT2LMHeadModel": "GPT2LMHeadModel", "GPT2Model": "GPT2LMHeadModel"},
            "n_layer", "n_head", "n_positions", ("causal",), ("lm_head.weight",),
        ),
        Architecture(
            "bert",
            {"BertModel": "BertModel", "BertForMaskedLM": "BertForMaskedLM", "BertForPreTraining": "BertForMaskedLM"},
            "num_hidden_layers", "num_attention_heads", "max_position_embeddings", ("bidirectional",),
            ("pooler.", "bert.pooler.", "cls.seq_relationship.", "cls.predictions.decoder.", "cls.predictions.bias"),
        ),
        Architecture(
            "distilbert",
            {"DistilBertModel": "DistilBertModel", "DistilBertForMaskedLM": "DistilBertForMaskedLM"},
            "n_layers", "n_heads", "max_position_embeddings", ("bidirectional",), ("vocab_projector.weight",),
        ),
        Architecture(
            "marian",
            {"MarianMTModel": "MarianMTModel"},
            "decoder_layers", "decoder_attention_heads", "max_position_embeddings", ("cross", "encoder", "decoder"),
            (
                "model.encoder.embed_positions.", "model.decoder.embed_positions.", "lm_head.weight",
                "model.encoder.embed_tokens.", "model.decoder.embed_tokens.",
            ),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class LayerProjections:
    """One layer: queries (heads, query, size), keys (heads, key, size), their scale, and value norms.

    `value_norms` (heads, key) is the length of v_j W_O of each head: what a weight is multiplied
    with before it is added to the token that looks. Source: Kobayashi et al. 2020, section 3.
    """

    queries: np.ndarray
    keys: np.ndarray
    scale: float
    value_norms: np.ndarray


def _split_heads(projected: torch.Tensor, heads: int) -> np.ndarray:
    """(1, length, heads * size) -> (heads, length, size) float32 on the CPU."""
    length, width = projected.shape[1:]
    array = projected[0].view(length, heads, width // heads).transpose(0, 1)
    return array.float().cpu().contiguous().numpy()


def _value_norms(values: torch.Tensor, output: torch.Tensor, heads: int) -> np.ndarray:
    """Length of each head's value after its slice of the output projection.

    Parameters
    ----------
    values : (1, length, heads * size), the value bias included.
    output : (heads * size, width), the output projection as it multiplies a row; its bias belongs to no head.
    """
    length, width = values.shape[1:]
    per_head = values[0].view(length, heads, width // heads).transpose(0, 1)
    slices = output.reshape(heads, width // heads, -1)
    return (per_head @ slices).float().norm(dim=-1).cpu().numpy()


def _gpt2(
    model: Any, ids: torch.Tensor, segments: torch.Tensor, head_mask: torch.Tensor | None
) -> list[LayerProjections]:
    body = model.transformer
    config = model.config
    heads = config.n_head
    states = body(input_ids=ids, head_mask=head_mask, output_hidden_states=True, use_cache=False).hidden_states
    layers = []
    for index, block in enumerate(body.h):
        queries, keys, values = block.attn.c_attn(block.ln_1(states[index])).split(config.n_embd, dim=2)
        scale = (config.n_embd // heads) ** -0.5 if config.scale_attn_weights else 1.0
        if config.scale_attn_by_inverse_layer_idx:
            scale /= index + 1
        norms = _value_norms(values, block.attn.c_proj.weight, heads)
        layers.append(LayerProjections(_split_heads(queries, heads), _split_heads(keys, heads), scale, norms))
    return layers


def _encoder_layer(state: torch.Tensor, heads: int, query: Any, key: Any, value: Any, output: Any) -> LayerProjections:
    """One layer of a BERT-like encoder from its input and its four linear maps."""
    queries = query(state)
    return LayerProjections(
        _split_heads(queries, heads),
        _split_heads(key(state), heads),
        (queries.shape[-1] // heads) ** -0.5,
        _value_norms(value(state), output.weight.T, heads),
    )


def _bert(
    model: Any, ids: torch.Tensor, segments: torch.Tensor, head_mask: torch.Tensor | None
) -> list[LayerProjections]:
    body = model.base_model
    heads = model.config.num_attention_heads
    states = body(
        input_ids=ids,
        token_type_ids=segments,
        attention_mask=ids.new_ones(ids.shape),
        head_mask=head_mask,
        output_hidden_states=True,
    ).hidden_states
    layers = []
    for index, layer in enumerate(body.encoder.layer):
        own, output = layer.attention.self, layer.attention.output.dense
        layers.append(_encoder_layer(states[index], heads, own.query, own.key, own.value, output))
    return layers


def _distilbert(
    model: Any, ids: torch.Tensor, segments: torch.Tensor, head_mask: torch.Tensor | None
) -> list[LayerProjections]:
    body = model.base_model
    heads = model.config.n_heads
    states = body(
        input_ids=ids, attention_mask=ids.new_ones(ids.shape), head_mask=head_mask, output_hidden_states=True
    ).hidden_states
    layers = []
    for index, layer in enumerate(body.transformer.layer):
        own = layer.attention
        layers.append(_encoder_layer(states[index], heads, own.q_lin, own.k_lin, own.v_lin, own.out_lin))
    return layers


SELF_ATTENTION: dict[str, Callable[[Any, Any, Any, Any], list[LayerProjections]]] = {
    "gpt2": _gpt2,
    "bert": _bert,
    "distilbert": _distilbert,
}


def _marian_projections(attention: Any, looking: torch.Tensor, looked_at: torch.Tensor) -> LayerProjections:
    heads = attention.num_heads
    return LayerProjections(
        _split_heads(attention.q_proj(looking), heads),
        _split_heads(attention.k_proj(looked_at), heads),
        float(attention.scaling),
        _value_norms(attention.v_proj(looked_at), attention.out_proj.weight.T, heads),
    )


def marian_attention(
    model: Any, source: torch.Tensor, target: torch.Tensor, kind: str, head_mask: torch.Tensor | None = None
) -> list[LayerProjections]:
    """Projections of a translation model's encoder, decoder or cross attention.

    Parameters
    ----------
    source : (1, source length) ids with the end token.
    target : (1, target length) ids that the decoder reads, the start token first.
    head_mask : (layers, heads) of the attention of this `kind`; 0 switches a head off.
    """
    import torch

    mask = source.new_ones(source.shape)
    masks = {kind: head_mask}
    encoder = model.model.encoder
    encoded = encoder(input_ids=source, attention_mask=mask, head_mask=masks.get("encoder"), output_hidden_states=True)
    if kind == "encoder":
        return [
            _marian_projections(layer.self_attn, state, state)
            for layer, state in zip(encoder.layers, encoded.hidden_states[:-1], strict=True)
        ]
    decoder = model.model.decoder
    states = decoder(
        input_ids=target,
        encoder_hidden_states=encoded.last_hidden_state,
        encoder_attention_mask=mask,
        head_mask=masks.get("decoder"),
        cross_attn_head_mask=masks.get("cross"),
        output_hidden_states=True,
        use_cache=False,
    ).hidden_states[:-1]
    if kind == "decoder":
        return [
            _marian_projections(layer.self_attn, state, state)
            for layer, state in zip(decoder.layers, states, strict=True)
        ]
    length = target.shape[1]
    causal = torch.full((length, length), torch.finfo(states[0].dtype).min, device=target.device).triu(1)[None, None]
    layers = []
    for layer, state in zip(decoder.layers, states, strict=True):
        # Cross attention asks with what self-attention made of the layer's input (Vaswani 2017, fig. 1).
        mixed = layer.self_attn_layer_norm(state + layer.self_attn(state, attention_mask=causal)[0])
        layers.append(_marian_projections(layer.encoder_attn, mixed, encoded.last_hidden_state))
    return layers


def architecture_of(config: dict[str, Any], folder_name: str) -> tuple[Architecture, str]:
    """(architecture, transformers class name) of a parsed config.json.

    Raises
    ------
    ModelFilesError
        The config asks for its own code or is of a family that Attendome does not read.
    """
    known = ", ".join(sorted(ARCHITECTURES))
    if "auto_map" in config:
        raise ModelFilesError(
            f"{folder_name} asks to run its own code (auto_map in config.json), which Attendome never does; "
            f"use a plain model of the kinds {known}."
        )
    family = config.get("model_type")
    architecture = ARCHITECTURES.get(family) if isinstance(family, str) else None
    if architecture is None:
        raise ModelFilesError(f"{folder_name} is a model of kind {family!r}; Attendome reads {known}.")
    relative = config.get("position_embedding_type", "absolute") != "absolute"
    if family == "bert" and (relative or config.get("is_decoder")):
        raise ModelFilesError(
            f"{folder_name} is a {family} model with relative positions or used as a decoder, whose attention "
            "Attendome cannot compute exactly; use a plain one."
        )
    for given in config.get("architectures") or [next(iter(architecture.model_class))]:
        if given in architecture.model_class:
            return architecture, architecture.model_class[given]
    raise ModelFilesError(
        f"{folder_name} holds a {config['architectures']}; of {family} models Attendome reads "
        f"{', '.join(architecture.model_class)}."
    )
