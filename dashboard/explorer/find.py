"""Find a head that ...: heads ranked by a score, or by how strongly they link two words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from components.attention import off_words
from components.controls import choose
from components.downloads import render_table
from components.drawing import render_drawing
from components.messages import plain, waiting_line
from components.ranking import ranking_drawing
from components.reading_help import render_help
from components.state import OVER_WHAT, open_head
from core import runtime
from core.language import LanguageModel, head_scores
from core.language.roles import SCORES, ranking
from core.language.scores import other_rows, pair_scores, result_scores
from core.language.sentences import SENTENCES
from core.language.values import AttentionResult, TokenSequence
from core.teaching.dates import DATE_EXAMPLES

if TYPE_CHECKING:
    import pandas as pd

UNITS = {"share": "share of attention", "bits": "bits", "tokens": "tokens away"}
PRONOUNS = {"it", "he", "she", "they", "him", "her", "them", "who", "which"}
# Heads in a ranking: the panel beside the map is narrow.
MOST = 10
# Scores that mean something between two texts.
CROSS = ("pair", "first_token", "last_token", "entropy")
PRESS = "press a head to open it. The mark is chance: an even look."
# Words that a pronoun does not stand for.
_SMALL = (
    "a an the this that these those and or but because so if then as than of in on at to from by with for not no is "
    "was were be been are am do does did don't didn't too very my your his our their i you we me us"
)
SMALL_WORDS = PRONOUNS | set(_SMALL.split())


def _open(head: Any) -> None:
    open_head(int(head["layer"]), int(head["head"]))


def word_label(sequence: TokenSequence) -> Callable[[int], str]:
    """Words as a list shows them: a word that comes again is numbered."""

    def label(index: int) -> str:
        word = sequence.words[index]
        if sequence.words.count(word) == 1:
            return word
        return f"{word} ({sequence.words[: index + 1].count(word)})"

    return label


def _word_of_token(sequence: TokenSequence, token: int) -> int:
    return next(i for i, (start, end) in enumerate(sequence.word_spans) if start <= token < end)


def _ordinary(sequence: TokenSequence) -> list[int]:
    """Words that are not special tokens and have a letter or digit; all of them where there are none."""
    found = [
        i
        for i, (start, _) in enumerate(sequence.word_spans)
        if not sequence.special[start] and any(map(str.isalnum, sequence.words[i]))
    ]
    return found or list(range(len(sequence.words)))


def default_pair(result: AttentionResult, row: int | None) -> tuple[int, int]:
    """(word that asks, word asked about) to begin with: the kept row, or a pronoun, and a word that it may mean.

    That is the one of substance, not a neighbour, which most heads single out: neighbours are looked at
    by heads that look at neighbours.
    """
    asking, asked = _ordinary(result.rows), _ordinary(result.source)
    if row is not None and row < len(result.rows):
        query = _word_of_token(result.target, row)
    else:
        query = next((i for i in asking if result.rows.words[i].lower() in PRONOUNS), asking[-1])
    same = result.source is result.rows
    far = [i for i in asked if not (same and abs(i - query) <= 1)]
    pronoun = result.rows.words[query].lower() in PRONOUNS
    if same and (pronoun or result.kind in {"causal", "decoder"}):  # what a pronoun stands for mostly comes first
        far = [i for i in far if i < query]
    candidates = [i for i in far if result.source.words[i].lower() not in SMALL_WORDS] or far or asked
    span = result.rows.word_spans[query]

    def singled_out(word: int) -> tuple[int, float]:
        found = pair_scores(result, span, result.source.word_spans[word])
        return int(found["is_largest"].sum()), float(found["weight"].max())

    return query, max(candidates[:60], key=singled_out)


def _choose_words(result: AttentionResult) -> tuple[int, int]:
    state = st.session_state
    asks, asked = state.get("asks"), state.get("asked")
    if asks is None or asked is None or asks >= len(result.rows.words) or asked >= len(result.source.words):
        row = state.get("row") if state.get("units") == "tokens" else None
        state["asks"], state["asked"] = default_pair(result, row)
    left, right = st.columns(2)
    query = left.selectbox(
        "… in which this word",
        range(len(result.rows.words)),
        format_func=word_label(result.rows),
        key="asks",
        persist_state="session",
    )
    key = right.selectbox(
        "looks at this one",
        range(len(result.source.words)),
        format_func=word_label(result.source),
        key="asked",
        persist_state="session",
    )
    return query, key


def _render_pair(result: AttentionResult) -> None:
    query, key = _choose_words(result)
    asks, asked = result.rows.words[query], result.source.words[key]
    found = pair_scores(result, result.rows.word_spans[query], result.source.word_spans[key])
    found = found.sort_values("weight", ascending=False, kind="stable", ignore_index=True)
    largest = int(found["is_largest"].sum())
    many = f"{largest} of {len(found)} heads give “{asked}” the largest weight of “{asks}”"
    spans = result.rows.word_spans[query], result.source.word_spans[key]
    elsewhere = runtime.derived(other_rows, result, *spans)
    found["other_rows"] = elsewhere[found["layer"], found["head"]]
    shown = found.head(MOST)
    drawing = ranking_drawing(
        list(zip(shown["layer"].tolist(), shown["head"].tolist(), strict=True)),
        shown["weight"].tolist(),
        [
            ("its largest weight" if is_largest else f"looks more at “{word}”")
            + (f"; other words give it {others:.2f}" if others == others else "")
            for is_largest, word, others in zip(shown["is_largest"], shown["largest"], shown["other_rows"], strict=True)
        ],
        axis_end=1.0,
        title=f"Heads in which “{asks}” looks at “{asked}”",
        subtitle="; ".join(filter(None, (many, off_words(result), PRESS))),
        unit="attention weight",
        provenance=result.provenance.sentence,
        baselines=shown["chance"].tolist(),
        chosen=_chosen(),
        file_name="heads-that-link-two-words",
    )
    render_drawing(drawing, key="ranking", on_click=_open)
    render_table("CSV of all heads", lambda: found, "heads-that-link-two-words", "Every head's weight and chance.")


def _chosen() -> tuple[int, int]:
    return st.session_state["layer"], st.session_state["head"]


def bundled_texts(model: LanguageModel) -> tuple[str, ...]:
    """Sentences of the kind that this model reads; none for one that reads only numbers."""
    if model.tokenizer is None:
        return ()
    return DATE_EXAMPLES if model.card.name == "date-reader" else SENTENCES


def _scored(model: LanguageModel, result: AttentionResult, texts: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    place = st.empty()
    if not texts:
        with place, st.spinner("Scoring heads …"):
            found = runtime.derived(result_scores, result)
        return found, "on this sentence"
    began = time.monotonic()

    def progress(share: float) -> None:
        left = (time.monotonic() - began) * (1 - share) / max(share, 0.01)
        place.progress(min(share, 1.0), f"{len(texts)} sentences, about {left:.0f} s left; any other choice stops it")

    found = runtime.answer(
        model,
        head_scores,
        texts,
        kind=result.kind if model.card.architecture == "marian" else None,
        on_progress=progress,
        on_wait=waiting_line(place),
    )
    place.empty()
    return found, f"on {len(texts)} sentences"


def _render_score(model: LanguageModel, result: AttentionResult, name: str) -> None:
    bundled = bundled_texts(model)
    ways = OVER_WHAT if bundled and not result.without else {"text": OVER_WHAT["text"]}
    over = choose("Measured over", ways, "over_what", place=st)
    scored, where = _scored(model, result, bundled if over == "set" else ())
    what = SCORES[name]
    found = ranking(scored, name).head(MOST)
    st.caption(plain(what.sentence))
    if name == "induction":
        said = "random tokens said twice" if over == "set" else "what comes twice in this sentence"
        st.caption(f"Measured on {said}.")
    drawing = ranking_drawing(
        list(zip(found["layer"].tolist(), found["head"].tolist(), strict=True)),
        found["score"].tolist(),
        found["sentence"].tolist(),
        title=f"Head that {what.title}",
        subtitle="; ".join(filter(None, (f"Measured {where}", off_words(result), PRESS))),
        unit=UNITS[what.unit],
        provenance=result.provenance.sentence,
        baselines=found["chance"].tolist(),
        smallest_first=not what.high_is_special,
        axis_end=1.0 if what.unit == "share" else None,
        chosen=_chosen(),
        file_name=f"heads-{name}",
    )
    render_drawing(drawing, key="ranking", on_click=_open)
    render_table("CSV of all scores", lambda: scored, "head-scores", f"Every score of every head, {where}.")


def render_find(model: LanguageModel, result: AttentionResult) -> None:
    """The tool: a choice of scores, its words, the ranking."""
    labels = {"pair": "links two words"} | {name: score.title for name, score in SCORES.items()}
    if result.kind in {"causal", "decoder"}:
        del labels["next_token"], labels["last_token"]  # the mask forbids both
    if result.kind == "cross":
        labels = {name: labels[name] for name in CROSS}
    if st.session_state.get("find") not in labels:
        st.session_state["find"] = "pair"
    name = st.selectbox(
        "Find a head that …", list(labels), format_func=labels.__getitem__, key="find", persist_state="session"
    )
    if name == "pair":
        _render_pair(result)
    else:
        _render_score(model, result, name)
    render_help("find")
