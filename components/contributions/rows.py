"""Rows of the browser: contributions as a logo, the effect of every letter, what is predicted of the question."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from components.browser.letter_rows import LogoRow, MutationRow
from components.browser.scene import Piece, RegionMark, RegionRow, SignalRow
from core.attribution.blocks import BlockEffects
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.enformer.values import TrackSet
from core.genome.gene import Region

ROW_TRUTH, ROW_TRACK = "ctb-truth", "ctb-track"
SHORT = {
    "gradient_x_input": "gxi",
    "integrated_gradients": "ig",
    "expected_gradients": "eg",
    "saturation_mutagenesis": "ism",
}
MEANS = {
    "gradient_x_input": "The slope of the number at each letter that is there: how it would change at first, were "
    "there less of this letter.",
    "integrated_gradients": "The slope averaged on the straight way from no letters at all to these letters; the "
    "contributions add up to the number less what the model says without letters.",
    "expected_gradients": "As integrated gradients, from shuffled sequences with the same pairs of neighbours; the "
    "contributions add up to the number less its mean over the shuffles.",
    "saturation_mutagenesis": "Each letter was changed to each other one and the window predicted again. A letter's "
    "height is minus the mean change over the four letters: what is lost with it, times three quarters of the mean.",
}
_NOT = "Positions without a value were not computed."


def target_id(scores: ContributionScores) -> str:
    """Of what is explained, for the ids of rows."""
    target = scores.target
    less = f".less.{'-'.join(map(str, target.against))}" if target.against else ""
    return f"{target.head}:{'-'.join(map(str, target.tracks))}{less}"


def logo_id(scores: ContributionScores) -> str:
    """Of the row of a method and a question."""
    return f"logo:{target_id(scores)}:{SHORT[scores.method]}"[:120]


def about(scores: ContributionScores, unit: str) -> str:
    """Sentences for the tooltip: what, how, unit, runs."""
    said = [f"{METHOD_TITLES[scores.method]} of the {scores.target.name}.", MEANS[scores.method], f"Unit: {unit}."]
    if scores.convergence_error is not None:
        said.append(f"The sum misses the difference that it should give by {scores.convergence_error:.3g}.")
    if len(scores.runs) > 1:
        said.append(f"Mean of {len(scores.runs)} runs.")
    if scores.is_mutagenesis and np.isnan(scores.values).any():
        said.append(_NOT)
    return " ".join(said)


def logo_row(
    scores: ContributionScores, short: str, unit: str, *, note: str = ""
) -> LogoRow:  # fmt: skip
    """Contributions of the letters that are there.

    Parameters
    ----------
    short : of the question, for the title. note : at the right of it.
    """
    assert scores.interval is not None
    return LogoRow(
        id=logo_id(scores),
        title=f"{METHOD_TITLES[scores.method]} · {short}",
        note=note,
        about=about(scores, unit),
        start_bp=scores.interval.start,
        letters=scores.letters,
        values=scores.per_base.copy(),
        unit=unit,
        scaling="seen",
        group="contributions",
    )


def mutation_row(scores: ContributionScores, short: str, unit: str) -> MutationRow:
    """Effect of each letter in each place: the letter that is there is 0."""
    assert scores.interval is not None
    return MutationRow(
        id=f"effects:{target_id(scores)}"[:120],
        title=f"Effect of each letter · {short}",
        about=f"Each cell is the {scores.target.name} with this letter here, minus the same as it is. Unit: {unit}. "
        f"{_NOT}",
        start_bp=scores.interval.start,
        letters=scores.letters,
        values=scores.values.copy(),
        unit=unit,
    )


def blocks_row(found: BlockEffects, short: str, unit: str) -> SignalRow:
    """What each block adds: minus the change of the number when its letters are shuffled."""
    assert found.interval is not None
    start, (first, end) = found.interval.start, found.blocks[0]
    piece = Piece(start + first, float(end - first), found.contributions.copy(), found.spread)
    target = found.target
    less = f".less.{'-'.join(map(str, target.against))}" if target.against else ""
    return SignalRow(
        id=f"blocks:{target.head}:{'-'.join(map(str, target.tracks))}{less}"[:120],
        title=f"Blocks of {end - first} bp, shuffled · {short}",
        about=f"What is lost of the {target.name} when the letters of a block are put in another order, mean of "
        f"{found.shuffles} orders that keep each pair of neighbours; the ribbon is their spread. Unit: {unit}.",
        height="small",
        pieces=(piece,),
        unit=unit,
        signed=True,
        signs=("holds it up", "holds it down"),
        missing="not computed",
    )


def track_row(
    found: TrackSet, tracks: tuple[int, ...], less: tuple[int, ...], short: str, unit: str, assay: str,
    truth: Mapping[int, np.ndarray] | None = None,
) -> SignalRow:  # fmt: skip
    """What is predicted of the question's tracks in each bin: their mean, less the mean of the others.

    Parameters
    ----------
    truth : index of a track -> (bins,) float32, where it is known.
    """
    assert found.interval is not None

    def combined(column) -> np.ndarray:
        value = np.mean([column(index) for index in tracks], axis=0, dtype=np.float64)
        if less:
            value = value - np.mean([column(index) for index in less], axis=0, dtype=np.float64)
        return value.astype(np.float32)

    known = None if truth is None else combined(truth.__getitem__)
    piece = Piece(found.interval.start, float(found.bin_size_bp), combined(found.column), None, known)
    return SignalRow(
        id=ROW_TRACK,
        title=f"Predicted · {short}",
        about=f"What the model predicts in each bin. Unit: {unit}."
        + (" The line is the truth (the grammar)." if truth is not None else ""),
        height="small",
        pieces=(piece,),
        unit=unit,
        assay=assay,
        second_name="truth (the grammar)" if truth is not None else "",
        log_possible=not less,
        signed=bool(less),
        signs=("more in the first", "more in the second") if less else ("", ""),
    )


def _apart(regions: tuple[Region, ...]) -> list[tuple[Region, int, int, str]]:
    """(site, start, end, strands): sites of one motif that overlap, as those of a palindrome do, are one mark; the
    strongest of them is the site."""
    found: list[tuple[Region, int, int, str]] = []
    last: dict[str, int] = {}
    for region in sorted(regions, key=lambda one: one.interval.start):
        place, at = region.interval, last.get(region.name)
        if at is not None and place.start < found[at][2]:
            other, start, end, strands = found[at]
            best = region if (region.score or 0) > (other.score or 0) else other
            both = strands if place.strand in strands else f"{strands} and {place.strand}"
            found[at] = (best, start, max(end, place.end), both)
            continue
        last[region.name] = len(found)
        found.append((region, place.start, place.end, str(place.strand)))
    return found


def truth_row(regions: tuple[Region, ...]) -> RegionRow:
    """Sites of the playground's grammar."""
    marks = tuple(
        RegionMark(
            region.name,
            start,
            end,
            strength=float(np.clip((region.score or 1000) / 1000, 0.25, 1)),
            about=f"{region.name}, {strands} strand, occupancy {(region.score or 0) / 1000:.2f}",
        )
        for region, start, end, strands in _apart(regions)
    )
    return RegionRow(
        id=ROW_TRUTH,
        title="Truth: sites of the grammar",
        about="Where the grammar of this simulated genome finds a motif that is at least half occupied, planted or by "
        "chance: what the contributions should show. The stronger the colour, the more it is occupied.",
        height="small",
        regions=marks,
    )
