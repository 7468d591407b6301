"""Effects as tables: every track by one score, and every score of one track; on the page and as files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from components.effects.numbers import change_text, value_text
from components.effects.words import LOG2, unit_of
from core.effects.scores import GeneScore, Score
from core.effects.values import VariantEffect
from core.enformer.tracks import Track

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 6_000


def track_order(score: Score) -> np.ndarray:
    """Places of the tracks, the largest change first."""
    return np.argsort(-np.abs(np.nan_to_num(score.effect)), kind="stable")


def tracks_table(score: Score, tracks: Sequence[Track], runs: int, true: Score | None = None) -> pd.DataFrame:
    """Every track by one score, the largest change first: reference, alternative and effect; units in a column where
    they differ (see `units_words`)."""
    import pandas as pd

    order = track_order(score)[:MOST_ROWS]
    table = pd.DataFrame(
        {
            "Track": [tracks[place].label for place in order],
            "Reference": score.ref[order],
            "Alternative": score.alt[order],
            "Effect": score.effect[order],
        }
    )
    if runs > 1:
        table["Least"], table["Most"] = score.low[order], score.high[order]
    if true is not None:
        table["True effect"] = true.effect[order]
    if len({track.unit for track in tracks}) > 1:
        table["Unit"] = [tracks[place].unit for place in order]
    return table


def units_words(score: Score, tracks: Sequence[Track]) -> str:
    """In which units such a table is."""
    units = {track.unit for track in tracks}
    own = next(iter(units)) if len(units) == 1 else "the track's unit"
    return f"Reference and alternative in {own}, effect in {LOG2}." if score.is_log else f"All in {own}."


def scores_of_track(
    scores: Sequence[Score], genes: Sequence[GeneScore], track: Track, place: int, runs: int,
    true: Sequence[Score] | None = None, true_genes: Sequence[GeneScore] | None = None,
) -> list[dict[str, str]]:  # fmt: skip
    """Every score of one track: reference, alternative, effect, interval over the runs, unit, and what it is.

    Parameters
    ----------
    place : column of the track. true, true_genes : the same of the true effect, in the same order, where it is known.
    """
    named = [(f"{one.gene.symbol}, {abs(one.distance_bp):,} bp away", one.score) for one in genes]
    named += [(_title(score), score) for score in scores]
    known = [one.score for one in true_genes or ()] + list(true or ())
    rows = []
    for number, (title, score) in enumerate(named):
        row = {
            "Score": title,
            "Reference": value_text(float(score.ref[place])),
            "Alternative": value_text(float(score.alt[place])),
            "Effect": change_text(float(score.effect[place])),
        }
        if runs > 1:
            row["Over the runs"] = f"{change_text(float(score.low[place]))} to {change_text(float(score.high[place]))}"
        if known:
            row["True effect"] = change_text(float(known[number].effect[place]))
        row["Unit of the effect"] = unit_of(score, track)
        told = score.sentence.partition(": ")[2]
        row["What it is"] = told[:1].upper() + told[1:]
        rows.append(row)
    return rows


def _title(score: Score) -> str:
    return score.sentence.partition(":")[0]


def effect_csv(effect: VariantEffect, genes: Sequence[GeneScore], *, origin: str, true: VariantEffect | None) -> bytes:
    """Every track with every score, UTF-8 CSV: the columns of `core.effects.score_variants`, then each gene's start.

    Parameters
    ----------
    origin : of a simulated genome, "" of any other. true : the true effect, where it is known.
    """
    from core.effects.score import effect_frame

    frame = effect_frame(effect)
    for one in genes:
        for what, values in (("ref", one.score.ref), ("alt", one.score.alt), ("effect", one.score.effect)):
            frame[f"{one.gene.symbol}_{what}"] = values
        frame[f"{one.gene.symbol}_distance"] = one.distance_bp
    if true is not None:
        told = effect_frame(true)
        frame["true_effect"], frame["true_local_effect"] = told["effect"], told["local_effect"]
    frame["runs"] = len(effect.runs)
    frame["provenance"] = effect.provenance.sentence
    if origin:
        frame["origin"] = origin
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()
