"""The panel of known motifs: names of the seqlets, the sites of one motif, what is true of the playground.

    named = find_motifs(scores, truth=bins)          # begins the work; `named.rows` are rows of the browser
    render_motifs(scores, key="ctb_motif", unit=..., truth=bins, on_place=look)

`truth` is the target's bins on the playground's genome, None elsewhere. Both may run in one script run: the answer is
found once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from components.browser.letter_rows import MotifRow
from components.contributions.motifs import (
    choose_motif,
    motif_row,
    render_matches,
    render_sites,
    render_truth,
    scan_row,
)
from components.messages import plain
from core import runtime, runtime_motifs
from core.attribution.motif_library import Motif, jaspar
from core.attribution.motif_scan import MOST_P, scan
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.errors import AttendomeError
from core.genome.interval import Interval
from core.runtime_motifs import NamedMotifs
from dashboard.contributions.steps import GLANCE_SECONDS, Step, render_step, step

BY_ITSELF_SECONDS = 15.0
SLOT, SCANNED = "_ctb_motif_job", "ctb_scan"


@dataclass(frozen=True, eq=False)
class FoundMotifs:
    """How far naming is.

    Attributes
    ----------
    named : None while it is not known. rows : of the browser: named boxes, and the sites of the motif that is scanned.
    """

    step: Step
    named: NamedMotifs | None
    rows: tuple[MotifRow, ...]

    @property
    def running(self) -> bool:
        """Whether the page has to look again."""
        return self.step.state == "running"


def find_motifs(
    scores: ContributionScores, *, truth: Interval | None = None, glance: float = GLANCE_SECONDS
) -> FoundMotifs:  # fmt: skip
    """Name the seqlets of scores that are complete, in a job that begins by itself where it is quick; `glance` is how
    many seconds are waited for it."""
    key = runtime_motifs.motif_key(scores, truth)
    title = f"Motifs of {METHOD_TITLES[scores.method].lower()} for the {scores.target.name}"
    job_key = f"motifs {key}"
    found = step(
        title,
        slot=SLOT,
        known=lambda: runtime_motifs.known_motifs(key) is not None,
        running=lambda: runtime.jobs().active(job_key),
        seconds=runtime_motifs.motif_seconds,
        start=lambda: runtime_motifs.start_motifs(scores, key, title, truth),
        by_itself=BY_ITSELF_SECONDS,
        glance=glance,
    )
    named = runtime_motifs.known_motifs(key)
    rows = [] if named is None else [motif_row(named.matches, about=f"{title}.")]
    motif = _scanned()
    if motif is not None and scores.interval is not None:
        rows.append(scan_row(scan(scores.letters, motif), motif, scores.interval.start))
    return FoundMotifs(found, named, tuple(rows))


def _scanned() -> Motif | None:
    picked = st.session_state.get(SCANNED)
    if picked is None:
        return None
    try:
        return jaspar().find(picked)
    except AttendomeError:
        return None  # `render_motifs` says why


def render_motifs(
    scores: ContributionScores,
    *,
    key: str,
    unit: str = "",
    file_name: str = "contributions",
    truth: Interval | None = None,
    on_place: Callable[[int, int], None] | None = None,
) -> None:
    """The whole panel.

    Parameters
    ----------
    key : a beginning of session keys, unique on the page. unit : of the contributions.
    on_place : called with (start, end), 0-based on the chromosome, when a row is chosen; in a callback.
    """
    found = find_motifs(scores, truth=truth)
    if found.named is None:
        render_step(found.step, key=key, slot=SLOT, verb="Compile the comparison and name the motifs")
        if found.step.state == "refused":
            return
    else:
        provenance = f"{METHOD_TITLES[scores.method]} of the {scores.target.name}; {scores.provenance.sentence}"
        render_matches(
            found.named.matches, key=key, unit=unit, provenance=provenance, file_name=file_name, on_place=on_place
        )
        if found.named.truth is not None:
            from core.teaching.playground.motif_truth import RULE

            render_truth(found.named.truth, key=key, rule=RULE, on_place=on_place)
    try:
        motif = choose_motif(key=SCANNED)
        if motif is not None:
            sites = scan(scores.letters, motif, interval=scores.interval)
            render_sites(sites, motif, key=key, most_p=MOST_P, on_place=on_place)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
