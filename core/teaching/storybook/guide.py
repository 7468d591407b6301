"""A scaffold for two heads: one that looks at the previous token, one that copies (induction).

Both form on their own in larger or longer training (Olsson et al. 2022). In a model of six million
parameters and half an hour of CPU they may not, so from a certain step on an auxiliary loss
pulls one head of layer 0 and one of layer 2 towards them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional
from transformers import GPT2LMHeadModel

PREVIOUS_TOKEN = (0, 0)
INDUCTION = (2, 0)


def head_log_weights(model: GPT2LMHeadModel, states: tuple[torch.Tensor, ...], layer: int, head: int) -> torch.Tensor:
    """(rows, query, key) logarithms of one head's attention weights, with gradient."""
    block = model.transformer.h[layer]
    size = model.config.n_embd // model.config.n_head
    queries, keys, _ = block.attn.c_attn(block.ln_1(states[layer])).split(model.config.n_embd, dim=2)
    here = slice(head * size, (head + 1) * size)
    logits = queries[..., here] @ keys[..., here].transpose(1, 2) * size**-0.5
    future = torch.ones(logits.shape[1:], dtype=torch.bool).triu(1)
    return functional.log_softmax(logits.masked_fill(future, -torch.inf), dim=-1)


def repeats(
    rng: np.random.Generator, rows: int, length: int, vocabulary_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids (rows, length) of random spans said again and again, and for each token the place to copy
    from: just after its last occurrence, or -1 where it comes for the first time."""
    ids = np.empty((rows, length), dtype=np.int64)
    places = np.full((rows, length), -1, dtype=np.int64)
    for row in range(rows):
        span = int(np.exp(rng.uniform(np.log(4), np.log(length // 2))))
        ids[row] = np.resize(rng.integers(1, vocabulary_size, span), length)
        places[row, span:] = np.arange(span, length) - span + 1
    return torch.from_numpy(ids), torch.from_numpy(places)


def guide_loss(model: GPT2LMHeadModel, text: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Mean nats by which the two heads miss their places, on rows of text and of random repeats.

    Parameters
    ----------
    text : (rows, length) ids of book text; as many rows of repeats are added.
    """
    rows, length = text.shape
    ids, places = repeats(rng, rows, length, model.config.vocab_size)
    states = model.transformer(
        input_ids=torch.cat([text, ids]), output_hidden_states=True, use_cache=False
    ).hidden_states
    previous = head_log_weights(model, states, *PREVIOUS_TOKEN)
    back = torch.diagonal(previous, offset=-1, dim1=1, dim2=2).mean()
    copying = head_log_weights(model, states, *INDUCTION)[rows:]
    picked = copying.gather(2, places.clamp(min=0)[..., None])[..., 0]
    return -back - picked[places >= 0].mean()
