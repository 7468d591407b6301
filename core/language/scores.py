"""Numbers that say what a head looks at: one step back, itself, the first token, what came next last time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.errors import EmptyTextError, SelectionError
from core.language.attend import attention
from core.language.tally import INDUCTION, SCORE_NAMES, Tally, counted_rows, mean_tally, tally, word_numbers
from core.language.values import AttentionKind, AttentionResult, attention_weights

if TYPE_CHECKING:
    import pandas

    from core.language.models import LanguageModel

# How vocabularies spell tokens that no text contains: [CLS], [unused7], <unk>, </s>, <|endoftext|>.
_SPECIAL = re.compile(r"\[\w+\]|<\|?/?\w+\|?>")


def _frame(found: Tally) -> pandas.DataFrame:
    import pandas

    _, layers, heads = found.scores.shape
    columns: dict[str, np.ndarray] = {
        "layer": np.repeat(np.arange(layers), heads),
        "head": np.tile(np.arange(heads), layers),
    }
    scores = np.where(found.rows[:, None, None] > 0, found.scores, np.nan)
    chances = np.where(found.rows > 0, found.chance, np.nan)
    for name, score in zip(SCORE_NAMES, scores, strict=True):
        columns[name] = score.ravel()
    for name, chance in zip(SCORE_NAMES, chances, strict=True):
        columns[f"chance_{name}"] = np.full(layers * heads, chance)
    return pandas.DataFrame(columns)


def result_scores(result: AttentionResult) -> pandas.DataFrame:
    """Scores of every head on one text, from its weights alone (no model run).

    With w(i, j) the weight from query i to key j, each score is a mean over the rows that count:
    rows of tokens that the text spells (special tokens such as [CLS] count as keys, not as
    queries) and that may look at two keys or more.

    Returns
    -------
    pandas.DataFrame
        One row per head, layer by layer. Columns ``layer``, ``head`` and, float64,

        - ``previous_token``: mean of w(i, i - 1), 0 to 1.
        - ``next_token``: mean of w(i, i + 1), 0 to 1; 0 where the mask hides what comes next.
        - ``self``: mean of w(i, i), 0 to 1.
        - ``first_token``: mean of w(i, 0), 0 to 1; the attention sink.
        - ``last_token``: mean of w(i, last), 0 to 1; for an encoder this is [SEP] or </s>. NaN for
          a causal model, where only the last token sees itself.
        - ``induction``: mean over tokens that occurred before of the weight on the tokens that
          followed them then (before i), 0 to 1. NaN when no token repeats. Few repeats make this a
          weak measure; `head_scores` uses random tokens said twice.
        - ``same_word``: mean of the summed weight on other occurrences of the same word (all
          pieces of a word; letter case ignored; punctuation left out) over the tokens of words
          that may look at one, 0 to 1. NaN when no word repeats.
        - ``entropy``: mean of -sum_j w(i, j) log2 w(i, j), bits; 0 = one token, log2 n = n evenly.
        - ``mean_distance``: mean of sum_j w(i, j) |i - j|, tokens.

        and ``chance_...`` for each: the same score of a head that looks evenly at every key that
        the mask allows. For cross-attention, whose two sides have different positions, only
        first_token, last_token and entropy are defined and the others are NaN.

    Source: previous-token and induction heads, Elhage et al. 2021 and Olsson et al. 2022; attention
    to the first token, Xiao et al. 2024; to [SEP], next and previous token, Clark et al. 2019.
    """
    return _frame(tally(result))


def _wrapping(model: LanguageModel) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids that the tokenizer puts before and after a text, ([CLS]) and ([SEP]) for BERT."""
    if model.tokenizer is None:
        return (), ()
    sequence = model.tokenizer.encode("a").sequence
    spelled = [i for i, special in enumerate(sequence.special) if not special]
    if not spelled:
        return (), ()
    return sequence.ids[: spelled[0]], sequence.ids[spelled[-1] + 1 :]


def _ordinary_ids(model: LanguageModel) -> np.ndarray:
    """Token ids without those of special tokens, as far as the vocabulary and the config name them."""
    before, after = _wrapping(model)
    names = ("pad", "bos", "eos", "sep", "cls", "unk", "mask", "decoder_start")
    special = {*before, *after, *(getattr(model.module.config, f"{name}_token_id", None) for name in names)}
    ids = range(model.vocabulary_size)
    if model.tokenizer is not None:
        special |= {i for i, label in zip(ids, model.tokenizer.labels(ids), strict=True) if _SPECIAL.fullmatch(label)}
    return np.array([i for i in ids if i not in special])


def _induction_tally(
    model: LanguageModel, kind: AttentionKind | None, span: int, repeats: int, seed: int, on_run: Callable[[], None]
) -> Tally | None:
    kind = kind or model.kinds[0]
    if kind in ("cross", "decoder"):
        return None
    before, after = _wrapping(model)
    ordinary = _ordinary_ids(model)
    span = min(span, (model.card.context - len(before) - len(after)) // 2, len(ordinary))
    if span < 2:
        return None
    rng = np.random.default_rng(seed)
    tallies = []
    for _ in range(repeats):
        # In a small vocabulary a token drawn twice would have two followers; in a large one that is rare.
        pattern = rng.choice(ordinary, span, replace=len(ordinary) > 10 * span).tolist()
        result = attention(model, [*before, *pattern, *pattern, *after], kind=kind)
        followed = np.zeros(result.allowed.shape, dtype=bool)
        second = np.arange(len(before) + span, len(before) + 2 * span)
        followed[second, second - span + 1] = True
        tallies.append(tally(result, followed))
        on_run()
    return mean_tally(tallies)


def induction_scores(
    model: LanguageModel, *, kind: AttentionKind | None = None, span: int = 64, repeats: int = 8, seed: int = 7
) -> np.ndarray:
    """(layers, heads): on random tokens said twice, mean weight to what followed the first time.

    The token at place i of the second saying looks at place i - span + 1. An encoder's special
    tokens stand around the two sayings. `span` is shortened to half the context and to the
    vocabulary; NaN when that leaves less than 2, and for attention that has a second text (cross,
    and the decoder of a translation model).

    Source: Elhage et al. 2021; Olsson et al. 2022.
    """
    found = _induction_tally(model, kind, span, repeats, seed, lambda: None)
    return np.full((model.card.layers, model.card.heads), np.nan) if found is None else found.scores[INDUCTION]


def head_scores(
    model: LanguageModel,
    texts: str | Sequence[int] | Sequence[str | Sequence[int]],
    *,
    kind: AttentionKind | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> pandas.DataFrame:
    """Scores of every head over several texts, so that none is one sentence's accident.

    Parameters
    ----------
    texts : one text or several; token ids for a model without tokenizer.
    kind : for a translation model "cross" (default), "encoder" or "decoder".
    on_progress : called with the share that is done, up to 1.

    Returns
    -------
    pandas.DataFrame
        The columns of `result_scores`: means over the texts, each weighted by the rows that count.
        ``induction`` comes from random tokens said twice instead (see `induction_scores`), so that
        what a head knows about English does not enter.

    Raises
    ------
    TextError
        No text, an empty one, or one longer than the model's context.
    SelectionError
        The model has no attention of that kind.

    Source: see `result_scores`.
    """
    single = isinstance(texts, str) or (len(texts) > 0 and all(isinstance(one, int) for one in texts))
    texts = [texts] if single else list(texts)
    if not texts:
        raise EmptyTextError("There are no texts to score heads on; give one sentence or more.")
    runs, repeats = 0, 8

    def on_run() -> None:
        nonlocal runs
        runs += 1
        if on_progress is not None:
            on_progress(runs / (len(texts) + repeats))

    tallies = []
    for text in texts:
        tallies.append(tally(attention(model, text, kind=kind)))
        on_run()
    mean = mean_tally(tallies)
    induction = _induction_tally(model, kind, span=64, repeats=repeats, seed=7, on_run=on_run)
    if induction is None:
        mean.rows[INDUCTION] = 0
        if on_progress is not None:
            on_progress(1.0)
    else:
        for ours, theirs in zip(mean, induction, strict=True):
            ours[INDUCTION] = theirs[INDUCTION]
    return _frame(mean)


def _check_span(what: str, span: tuple[int, int], count: int) -> None:
    if not 0 <= span[0] < span[1] <= count:
        raise SelectionError(
            f"Tokens {span[0]} to {span[1]} are no {what} of this text, which has tokens 0 to {count - 1}; "
            "give the first and one past the last."
        )


def pair_scores(result: AttentionResult, query_span: tuple[int, int], key_span: tuple[int, int]) -> pandas.DataFrame:
    """How strongly each head links one word to another, for example "it" to "animal".

    Parameters
    ----------
    query_span, key_span : half-open token ranges, for example from ``result.word_spans``.

    Returns
    -------
    pandas.DataFrame
        One row per head: ``layer``, ``head``; ``weight``, 0 to 1, the mean over the query's pieces
        of the summed weight on the key's pieces; ``is_largest``, whether no other word gets more
        (special tokens are words; nothing is left out); ``largest``, the word that gets most;
        ``chance``, the weight if the head looked evenly at all it may look at.

    Raises
    ------
    SelectionError
        A range that the text does not have.
    """
    import pandas

    _check_span("query", query_span, len(result.rows))
    _check_span("key", key_span, len(result.source))
    rows = slice(*query_span)
    inside = np.zeros(len(result.source), dtype=bool)
    inside[slice(*key_span)] = True
    # Words are runs of tokens; the key's range is cut out of them and is the last unit.
    word, _ = word_numbers(result.source)
    units = np.eye(len(result.words) + 1, dtype=np.float32)[np.where(inside, len(result.words), word)]  # (key, unit)
    weights = np.stack([_row_weights(result, layer, rows).mean(axis=1) @ units for layer in range(result.layers)])
    largest = weights[..., :-1].argmax(axis=-1)
    weight, others = weights[..., -1], weights[..., :-1].max(axis=-1)
    key_name = "".join(result.words[i] for i in dict.fromkeys(word[inside].tolist()))
    allowed = result.allowed[rows]
    layers, heads = weight.shape
    return pandas.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), heads),
            "head": np.tile(np.arange(heads), layers),
            "weight": weight.ravel().astype(np.float64),
            "is_largest": (weight >= others).ravel(),
            "largest": [
                key_name if mine >= other else result.words[number]
                for mine, other, number in zip(weight.flat, others.flat, largest.flat, strict=True)
            ],
            "chance": float((allowed[:, inside].sum(axis=1) / allowed.sum(axis=1)).mean()),
        }
    )


def other_rows(result: AttentionResult, query_span: tuple[int, int], key_span: tuple[int, int]) -> np.ndarray:
    """(layers, heads) float64: what all rows but the query's give the key on average.

    Next to `pair_scores` it tells a head that links two words from one that looks at the key from
    everywhere. Special tokens and rows that may look at one token only, or not at the key, do not count;
    NaN when none is left.

    Raises
    ------
    SelectionError
        A range that the text does not have.
    """
    _check_span("query", query_span, len(result.rows))
    _check_span("key", key_span, len(result.source))
    rows = counted_rows(result) & result.allowed[:, slice(*key_span)].any(axis=1)
    rows[slice(*query_span)] = False
    if not rows.any():
        return np.full((result.layers, result.heads), np.nan)
    keys = slice(*key_span)
    means = [result.layer(layer)[:, rows, keys].sum(axis=-1).mean(axis=-1) for layer in range(result.layers)]
    return np.stack(means).astype(np.float64)


def _row_weights(result: AttentionResult, layer: int, rows: slice) -> np.ndarray:
    """(heads, rows, key) weights without computing the other rows where queries and keys are there."""
    if result.queries is None:
        return result.layer(layer)[:, rows]
    logits = np.matmul(result.queries[layer][:, rows], result.keys[layer].swapaxes(-1, -2)) * result.scales[layer]
    return attention_weights(logits, result.allowed[rows])
