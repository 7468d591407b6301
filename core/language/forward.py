"""One forward pass up to the vocabulary: what a model reads, its states, and the logits of a state.

Heads are switched off by transformers' own `head_mask` arguments; nothing is hooked or set on the
model, which everyone shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.devices import is_memory_fault
from core.errors import SelectionError, TextError
from core.language.attend import Text, _check_memory, _encode, _memory_error, _notes, head_mask
from core.language.models import LanguageModel
from core.language.text import prepare_text
from core.language.tokenization import Encoded
from core.language.values import AttentionKind, TokenSequence

if TYPE_CHECKING:
    import torch

Heads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Reading:
    """A text as a model takes it.

    Attributes
    ----------
    sequence : the tokens at which the model predicts; of a translation model what its decoder reads.
    segments : number of the sentence that each token belongs to.
    source : the tokens that a translation model translates, None for other models.
    following : for each token the id that comes next, None where nothing is known to come.
    """

    sequence: TokenSequence
    segments: tuple[int, ...]
    source: TokenSequence | None
    following: tuple[int | None, ...]
    text: str
    target_text: str | None
    notes: tuple[str, ...]


def read(model: LanguageModel, text: Text, target_text: Text | None = None) -> Reading:
    """Tokens of a text, or of a text and its translation (the model's own where none is given).

    Raises
    ------
    TextError
        As `core.language.attention`.
    """
    if model.card.architecture == "marian":
        return _read_translation(model, text, target_text)
    second, notes = None, ()
    if target_text is not None:
        if "causal" in model.kinds or not isinstance(text, str) or not isinstance(target_text, str):
            raise TextError(
                f"{model.card.title} reads one text; leave the second empty or choose an encoder or translation model."
            )
        prepared_second = prepare_text(target_text)
        second, notes = prepared_second.text, prepared_second.notes
    encoded, prepared = _encode(model, text, second)
    return Reading(
        sequence=encoded.sequence,
        segments=encoded.segments,
        source=None,
        following=(*encoded.sequence.ids[1:], None),
        text=prepared.text,
        target_text=second,
        notes=_notes(model, encoded, prepared) + notes,
    )


def _read_translation(model: LanguageModel, text: Text, target_text: Text | None) -> Reading:
    import torch

    source, prepared = _encode(model, text)
    notes, written = _notes(model, source, prepared), None
    if target_text is None:
        with torch.inference_mode():
            ids = model.translate(torch.tensor([source.sequence.ids], device=model.device))
    else:
        target, prepared_target = _encode(model, target_text, as_target=True)
        ids, written = target.sequence.ids, prepared_target.text or None
        notes += _notes(model, target, prepared_target)
    # The decoder reads its own output one step late, a start token first, and never reads its end.
    ended = bool(ids) and ids[-1] == model.module.config.eos_token_id
    read_ids = (model.start_id, *(ids[:-1] if ended else ids))[: model.card.context]
    encoded = Encoded(model.target_sequence(read_ids), (0,) * len(read_ids))
    return Reading(
        sequence=encoded.sequence,
        segments=encoded.segments,
        source=source.sequence,
        following=(*ids, None)[: len(read_ids)],
        text=prepared.text,
        target_text=written,
        notes=notes,
    )


@contextmanager
def memory_faults_as_sentences(model: LanguageModel, tokens: int) -> Iterator[None]:
    """Turn a device that runs out of memory into `DeviceMemoryError`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_memory_fault(error):
            raise
        raise _memory_error(model, tokens) from error


def checked_kind(model: LanguageModel, kind: AttentionKind | None) -> AttentionKind:
    """The kind of attention whose heads are switched off, the model's first where none is given.

    Raises
    ------
    SelectionError
        The model has no attention of that kind.
    """
    if kind is not None and kind not in model.kinds:
        raise SelectionError(
            f"{model.card.title} has no {kind} attention; it has {' and '.join(model.kinds)} attention."
        )
    return kind or model.kinds[0]


def states(
    model: LanguageModel, reading: Reading, *, without: Heads = (), kind: AttentionKind | None = None
) -> tuple[torch.Tensor, ...]:
    """States of every token: the embeddings, then after each layer; the decoder's in a translation model.

    Returns
    -------
    layers + 1 tensors (tokens, width) on the model's device. The last one is what the model's own
    language-model head reads: of GPT-2 it has gone through the final layer norm, the others have not.

    Raises
    ------
    SelectionError
        The model has no such head or kind of attention.
    DeviceMemoryError
        The device has too little memory.
    """
    import torch

    kind = checked_kind(model, kind)
    mask = head_mask(model, without)
    module, count = model.module, len(reading.sequence)
    longest = max(count, len(reading.source or ()))
    _check_memory(model, longest, longest)
    ids = torch.tensor([reading.sequence.ids], device=model.device)
    common = {"output_hidden_states": True}
    with torch.inference_mode(), memory_faults_as_sentences(model, count):
        match model.card.architecture:
            case "gpt2":
                found = module.base_model(ids, head_mask=mask, use_cache=False, **common).hidden_states
            case "marian":
                source = torch.tensor([reading.source.ids], device=model.device)
                masks = {"encoder": "head_mask", "decoder": "decoder_head_mask", "cross": "cross_attn_head_mask"}
                found = module.model(
                    input_ids=source,
                    attention_mask=torch.ones_like(source),
                    decoder_input_ids=ids,
                    use_cache=False,
                    **{masks[kind]: mask},
                    **common,
                ).decoder_hidden_states
            case family:
                if family == "bert":
                    common["token_type_ids"] = torch.tensor([reading.segments], device=model.device)
                found = module.base_model(
                    ids, attention_mask=torch.ones_like(ids), head_mask=mask, **common
                ).hidden_states
    return tuple(state[0] for state in found)


def has_word_head(model: LanguageModel) -> bool:
    """True when the model can say which word it expects: it was trained with a head over its vocabulary."""
    module = model.module
    match model.card.architecture:
        case "gpt2":
            # A file without a head of its own has one only if that shares the embeddings' numbers.
            tied = module.lm_head.weight is module.transformer.wte.weight
            return tied or "GPT2Model" not in (module.config.architectures or ())
        case "marian":
            return True
        case _:
            return hasattr(module, "cls") or hasattr(module, "vocab_projector")


def require_word_head(model: LanguageModel) -> None:
    """Refuse a model that predicts no words.

    Raises
    ------
    SelectionError
        The model has no language-model head.
    """
    if not has_word_head(model):
        raise SelectionError(
            f"{model.card.title} has no head that predicts words: it was trained to give vectors of texts; "
            "choose a decoder such as storybook-gpt, or an encoder trained to guess masked words."
        )


def word_logits(model: LanguageModel, state: torch.Tensor, *, final: bool) -> torch.Tensor:
    """Logits (places, vocabulary) of states (places, width), through the model's own language-model head.

    Parameters
    ----------
    final : True for states of the last layer as `states` gives them. GPT-2 normalises what leaves
        its last layer; earlier states are normalised here by the same `ln_f`.

    Raises
    ------
    SelectionError
        The model has no language-model head.
    """
    import torch

    require_word_head(model)
    module = model.module
    with torch.inference_mode(), memory_faults_as_sentences(model, len(state)):
        match model.card.architecture:
            case "gpt2":
                return module.lm_head(state if final else module.transformer.ln_f(state))
            case "bert":
                return module.cls(state)
            case "distilbert":
                return module.vocab_projector(module.vocab_layer_norm(module.activation(module.vocab_transform(state))))
            case _:
                return module.lm_head(state) + module.final_logits_bias
