"""What all people who use one running app share of named motifs; see `core.runtime_dna`."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core import runtime
from core.jobs import JobSpec, PieceContext
from core.shelf import Shelf

if TYPE_CHECKING:
    import pandas as pd

    from core.attribution.seqlets import Seqlet
    from core.attribution.values import ContributionScores
    from core.genome.interval import Interval
    from core.teaching.playground.motif_truth import NamedInstances

SECONDS = 5.0  # a window's seqlets against the whole library, two cores
MOST_KEPT = 32


@dataclass(frozen=True, eq=False)
class NamedMotifs:
    """The seqlets of some scores and what they look like.

    Attributes
    ----------
    seqlets : all of them. matches : see `core.attribution.match_motifs`; not to be changed.
    truth : of the playground, against the sites of its grammar; None elsewhere.
    """

    seqlets: tuple[Seqlet, ...]
    matches: pd.DataFrame
    truth: NamedInstances | None


@st.cache_resource(show_spinner=False)
def _named() -> Shelf[NamedMotifs]:
    return Shelf(max_count=MOST_KEPT)


def motif_key(scores: ContributionScores, truth: Interval | None) -> str:
    """64 hexadecimal digits of what the answer depends on."""
    place = "" if scores.interval is None else scores.interval.locus
    told = f"{scores.method} {scores.start} {place} {scores.letters} {scores.target} {truth}"
    return hashlib.sha256(told.encode() + scores.values.tobytes()).hexdigest()


def known_motifs(key: str) -> NamedMotifs | None:
    """The answer, if it was found since the app began."""

    def nothing() -> NamedMotifs:
        raise LookupError

    with suppress(LookupError):
        return _named().get(key, nothing)
    return None


def motif_seconds() -> float:
    """What it takes, the compiling included where that is to be done.

    Raises
    ------
    MotifDatabaseError
        Motifs cannot be had or compared here.
    """
    from core.attribution.motif_library import jaspar
    from core.attribution.tomtom import COMPILE_SECONDS, motifs_ready

    jaspar()
    return SECONDS if motifs_ready() else SECONDS + COMPILE_SECONDS


def start_motifs(scores: ContributionScores, key: str, title: str, truth: Interval | None = None) -> str:
    """Id of a job that names the seqlets; when it is done, `known_motifs` has them.

    Parameters
    ----------
    key : `motif_key`. truth : the target's bins on the playground's genome, or None elsewhere.

    Raises
    ------
    MotifDatabaseError
        Motifs cannot be had or compared here.
    JobError
        It cannot be queued.
    """
    from core.attribution.motif_matching import match_motifs
    from core.attribution.seqlets import seqlets
    from core.attribution.tomtom import COMPILE_SECONDS, motifs_ready, warm_motifs

    def work(index: int, context: PieceContext) -> None:
        if index == 0:
            context.progress(0.0, "Loading" if ready else "Compiling the comparison, once on this machine")
            warm_motifs(context.progress)
            return

        context.progress(0.0, "Comparing with known motifs")
        if known_motifs(key) is not None:
            return
        found = seqlets(scores)
        matches = match_motifs(scores, found=found, on_progress=lambda share: context.progress(0.9 * share))
        named = NamedMotifs(found, matches, None if truth is None else _against(scores, found, matches, truth))
        _named().get(key, lambda: named)  # made before: whoever only asks whether it is known must not wait for it

    ready = motifs_ready()
    return runtime.jobs().submit(
        JobSpec(
            key=f"motifs {key}",
            title=title,
            queue="motifs",
            pieces=2,
            run_piece=work,
            owner=runtime.person(),
            piece_weights=(2.0 if ready else COMPILE_SECONDS, SECONDS),
            keep_pieces=False,
        )
    )


def _against(
    scores: ContributionScores, found: tuple[Seqlet, ...], matches: pd.DataFrame, bins: Interval
) -> NamedInstances | None:
    from core.teaching.playground.motif_truth import judge_scores

    return judge_scores(scores, found, matches, bins)
