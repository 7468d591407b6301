"""`attention`: a text and a model in, the attention of every head out."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.devices import is_memory_fault
from core.errors import DeviceMemoryError, EmptyTextError, SelectionError, TextError, TextTooLongError
from core.language.models import LanguageModel
from core.language.text import PreparedText, prepare_text
from core.language.tokenization import Encoded, ids_sequence
from core.language.values import AttentionKind, AttentionResult, TokenSequence

if TYPE_CHECKING:
    import torch

    from core.language.architectures import LayerProjections

Text = str | Sequence[int]


_IDS = re.compile(r"[\[\](),;\s]*\d+([\[\](),;\s]+\d+)*[\[\](),;\s]*")


def _typed_ids(model: LanguageModel, text: str) -> tuple[int, ...]:
    """Token ids that a person typed for a model without tokenizer, such as "[0, 2, 1]"."""
    if not _IDS.fullmatch(text):
        raise TextError(
            f"{model.card.title} has no tokenizer, so it takes token ids from 0 to {model.vocabulary_size - 1}; "
            "type numbers such as 0 2 1."
        )
    return tuple(int(number[:9]) for number in re.findall(r"\d+", text))


def _encode_ids(model: LanguageModel, ids: Sequence[int]) -> Encoded:
    ids = tuple(int(i) for i in ids)
    if not ids:
        raise EmptyTextError(f"There are no token ids; {model.card.title} takes a list such as [0, 2, 1].")
    wrong = next((i for i in ids if not 0 <= i < model.vocabulary_size), None)
    if wrong is not None:
        raise TextError(
            f"Token id {wrong} is outside {model.card.title}'s vocabulary, 0 to {model.vocabulary_size - 1}."
        )
    return Encoded(ids_sequence(ids), (0,) * len(ids))


def _encode(
    model: LanguageModel, text: Text, second: str | None = None, *, as_target: bool = False
) -> tuple[Encoded, PreparedText]:
    prepared = prepare_text(text) if isinstance(text, str) else PreparedText("")
    if model.tokenizer is None or not isinstance(text, str):
        encoded = _encode_ids(model, _typed_ids(model, prepared.text) if isinstance(text, str) else text)
    else:
        encoded = model.tokenizer.encode(prepared.text, second, as_target=as_target)
        if all(encoded.sequence.special):
            raise EmptyTextError(f"{model.card.title} finds no token in this text; type a word.")
    count, limit = len(encoded.sequence), model.card.context - as_target  # the start token takes a place
    if count > limit:
        raise _too_long(model, prepared.text, second, count, limit, as_target=as_target)
    return encoded, prepared


def _too_long(
    model: LanguageModel, text: str, second: str | None, count: int, limit: int, *, as_target: bool
) -> TextTooLongError:
    """The error, with the longest beginning of `text` that fits (found by bisection on its characters)."""
    what = "The translation is" if as_target else "The two texts together are" if second else "The text is"
    kept = ""
    if text and model.tokenizer is not None and not second:

        def fits(end: int) -> bool:
            return len(model.tokenizer.encode(text[:end], as_target=as_target).sequence) <= limit

        kept = text[: bisect.bisect_left(range(len(text) + 1), True, key=lambda end: not fits(end)) - 1].rstrip()
        while kept and not fits(len(kept)):  # a shorter text can take a token more
            kept = kept[:-1]
    where = f"; cut it after “…{kept[-30:]}”" if kept else "; shorten it"
    return TextTooLongError(
        f"{what} {count:,} tokens long and {model.card.title} reads at most {limit:,}{where}.",
        kept_text="" if as_target else kept,
        tokens=count,
        limit=limit,
    )


def _notes(model: LanguageModel, encoded: Encoded, prepared: PreparedText) -> tuple[str, ...]:
    if not encoded.unknown:
        return prepared.notes
    one = encoded.unknown == 1
    return (
        *prepared.notes,
        f"{encoded.unknown} token{' is' if one else 's are'} unknown to {model.card.title}'s vocabulary "
        f"and shown as [UNK] or <unk>: the model cannot tell {'it' if one else 'them'} from other unknown ones.",
    )


def _check_memory(model: LanguageModel, queries: int, keys: int) -> None:
    """Refuse before the run what would not fit: a layer's weights exist three times in eager attention."""
    import psutil

    card = model.card
    needed = 3 * 4 * card.heads * queries * keys + 2 * 4 * card.layers * model.width * (queries + keys)
    if model.on_cpu and needed > psutil.virtual_memory().available:
        raise _memory_error(model, queries, needed)


def _memory_error(model: LanguageModel, tokens: int | None, needed: int | None = None) -> DeviceMemoryError:
    amount = f", about {needed / 1e9:.1f} GB," if needed else ""
    text = "This many tokens" if tokens is None else f"{tokens:,} tokens"
    return DeviceMemoryError(
        f"{text} through {model.card.title} need more memory{amount} than this machine has free; "
        "shorten the text or choose a smaller model."
    )


def _stacked(layers: list[LayerProjections]) -> dict[str, np.ndarray]:
    return {
        "queries": np.stack([layer.queries for layer in layers]),
        "keys": np.stack([layer.keys for layer in layers]),
        "scales": np.array([layer.scale for layer in layers], dtype=np.float32),
        "value_norms": np.stack([layer.value_norms for layer in layers]),
    }


def checked_heads(model: LanguageModel, heads: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """(layer, head) pairs in order, each once.

    Raises
    ------
    SelectionError
        The model has no such head.
    """
    card = model.card
    chosen = tuple(sorted({(int(layer), int(head)) for layer, head in heads}))
    for layer, head in chosen:
        if not (0 <= layer < card.layers and 0 <= head < card.heads):
            raise SelectionError(
                f"Layer {layer}, head {head} does not exist: {card.title} has layers 0 to {card.layers - 1} "
                f"with heads 0 to {card.heads - 1}."
            )
    return chosen


def head_mask(model: LanguageModel, heads: Iterable[tuple[int, int]]) -> torch.Tensor | None:
    """(layers, heads) of ones with 0 where a head is switched off, as transformers takes it; None for no head."""
    import torch

    chosen = checked_heads(model, heads)
    if not chosen:
        return None
    mask = torch.ones(model.card.layers, model.card.heads, device=model.device)
    for layer, head in chosen:
        mask[layer, head] = 0
    return mask


def attention(
    model: LanguageModel,
    text: Text,
    target_text: Text | None = None,
    *,
    kind: AttentionKind | None = None,
    without: Iterable[tuple[int, int]] = (),
) -> AttentionResult:
    """Attention of every layer and head of `model` on `text`.

    Parameters
    ----------
    text : a sentence, or token ids for a model without tokenizer.
    target_text : for a translation model the translation to look at (by default the model's own);
        for an encoder such as BERT the second sentence of a pair; a causal decoder takes none.
    kind : for a translation model "cross" (default), "encoder" or "decoder".
    without : (layer, head) of heads of this kind to switch off: their output is 0 in this run, what
        they would have looked at is still given. Later layers see the difference.

    Returns
    -------
    AttentionResult
        `.weights` is (layers, heads, query, key) float32, rows sum to 1, special tokens included.
        Equal to transformers' `output_attentions` with eager attention to 1e-6.

    Raises
    ------
    TextError
        Empty, or longer than the model's context (`TextTooLongError` carries the part that fits).
    SelectionError
        The model has no attention of that kind, or no such head.
    DeviceMemoryError
        The device has too little memory.

    Source: Vaswani et al. 2017, eq. 1 and section 3.2.3.
    """
    if kind is not None and kind not in model.kinds:
        raise SelectionError(
            f"{model.card.title} has no {kind} attention; it has {' and '.join(model.kinds)} attention."
        )
    without = checked_heads(model, without)
    try:
        if model.card.architecture == "marian":
            return _translation_attention(model, text, target_text, kind or "cross", without)
        return _self_attention(model, text, target_text, without)
    except (RuntimeError, MemoryError) as error:
        if not is_memory_fault(error):
            raise
        raise _memory_error(model, None) from error


def _self_attention(
    model: LanguageModel, text: Text, target_text: Text | None, without: tuple[tuple[int, int], ...]
) -> AttentionResult:
    import torch

    from core.language.architectures import SELF_ATTENTION

    causal = "causal" in model.kinds
    second = None
    notes: tuple[str, ...] = ()
    if target_text is not None:
        if causal or not isinstance(text, str) or not isinstance(target_text, str):
            raise TextError(
                f"{model.card.title} reads one text; leave the second empty or choose an encoder or translation model."
            )
        prepared_second = prepare_text(target_text)
        second, notes = prepared_second.text, prepared_second.notes
    encoded, prepared = _encode(model, text, second)
    length = len(encoded.sequence)
    _check_memory(model, length, length)
    ids = torch.tensor([encoded.sequence.ids], device=model.device)
    segments = torch.tensor([encoded.segments], device=model.device)
    with torch.inference_mode():
        layers = SELF_ATTENTION[model.card.architecture](model.module, ids, segments, head_mask(model, without))
    allowed = np.ones((length, length), dtype=bool)
    return AttentionResult(
        kind="causal" if causal else "bidirectional",
        source=encoded.sequence,
        target=encoded.sequence,
        allowed=np.tril(allowed) if causal else allowed,
        **_stacked(layers),
        without=without,
        provenance=model.provenance,
        text=prepared.text,
        target_text=second,
        notes=_notes(model, encoded, prepared) + notes,
    )


def _written(model: LanguageModel, ids: tuple[int, ...], ended: bool) -> TokenSequence:
    """The tokens that the rows of a cross-attention write; what comes after a text that did not end is not known."""
    sequence = model.target_sequence(ids)
    if ended:
        return sequence
    unknown = {name: (*getattr(sequence, name)[:-1], "…") for name in ("tokens", "labels", "words")}
    return replace(sequence, **unknown)


def _translation_attention(
    model: LanguageModel,
    text: Text,
    target_text: Text | None,
    kind: AttentionKind,
    without: tuple[tuple[int, int], ...],
) -> AttentionResult:
    import torch

    from core.language.architectures import marian_attention

    source, prepared = _encode(model, text)
    source_ids = torch.tensor([source.sequence.ids], device=model.device)
    notes = _notes(model, source, prepared)
    written = ""
    with torch.inference_mode():
        if target_text is not None:
            target, prepared_target = _encode(model, target_text, as_target=True)
            target_ids, written = target.sequence.ids, prepared_target.text
            notes += _notes(model, target, prepared_target)
        elif kind == "encoder":
            target_ids = ()
        else:
            target_ids = model.translate(source_ids)
        # The decoder reads its own output one step late, a start token first, and never reads its end.
        end = model.module.config.eos_token_id
        ended = bool(target_ids) and target_ids[-1] == end
        target_ids = target_ids[:-1] if ended else target_ids
        read = model.target_sequence((model.start_id, *target_ids)[: model.card.context])
        next_ids = (*target_ids, end)[: len(read)]
        _check_memory(model, len(read), len(source.sequence))
        decoder_ids = torch.tensor([read.ids], device=model.device)
        layers = marian_attention(model.module, source_ids, decoder_ids, kind, head_mask(model, without))
    looked_at = read if kind == "decoder" else source.sequence
    looking = source.sequence if kind == "encoder" else read
    written_rows = _written(model, next_ids, ended) if kind == "cross" else None
    allowed = np.ones((len(looking), len(looked_at)), dtype=bool)
    return AttentionResult(
        kind=kind,
        source=looked_at,
        target=looking,
        allowed=np.tril(allowed) if kind == "decoder" else allowed,
        **_stacked(layers),
        without=without,
        provenance=model.provenance,
        text=prepared.text,
        target_text=written or None,
        notes=notes,
        written=written_rows,
    )
