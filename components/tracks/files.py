"""Rows of measured signal and of regions, and measured signal laid over a predicted row."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.browser.scene import Piece, RegionMark, RegionRow, SignalRow
from core.enformer.track_search import split_words
from core.enformer.tracks import Track
from core.genome.annotation import Region
from core.genome.chromatin import CHROMATIN_STATES, state_of
from core.genome.signals import Block, pearson

MAX_MARKS = 2_000
MAX_LANES = 4
MAX_LEGEND = 12
MEASURED = "measured"
FILE_UNIT = "signal (the file's own unit)"
_ASSAYS = (("CAGE", ("cage",)), ("ATAC", ("atac", "atacseq")), ("DNASE", ("dnase", "dnaseseq", "dhs")))
_NUMBERED = re.compile(r"\d+_")


def assay_of(name: str) -> str:
    """The assay that a file's name speaks of, for its colour: "CHIP" of K562_H3K27ac.bw; "" where it tells none."""
    words = split_words(re.sub(r"[_.-]+", " ", name))
    for assay, known in _ASSAYS:
        if any(word in known for word in words):
            return assay
    chip = any(re.fullmatch(r"h[2-4][ab]?k\d+(ac|me\d?|ub\d?)|ctcf|polr2a|chip(seq)?", word) for word in words)
    return "CHIP" if chip else ""


def matching_track(name: str, tracks: Sequence[Track]) -> Track | None:
    """The one track whose target (else assay) and biosample are words of a file's name; None of none or several."""
    words = {word.casefold() for word in re.split(r"[_.\s-]+", name) if word}
    found = []
    for track in tracks:
        what, sample = (track.target or track.assay).casefold(), track.biosample.casefold()
        if what in words and (sample in words or set(re.split(r"[_.\s-]+", sample)) <= words):
            found.append(track)
    return found[0] if len(found) == 1 else None


def measured_row(
    row_id: str, title: str, file_name: str, blocks: Sequence[tuple[Block, np.ndarray | None]], note: str = ""
) -> SignalRow:
    """A file's own row.

    Parameters
    ----------
    blocks : from left to right, with the bins that are there; None of those that are still to be read.
    """
    bin_bp = blocks[0][0].bin_bp if blocks else 1
    exact = all(block.exact for block, _ in blocks)
    how = "" if exact else " from the file's own summaries"
    said = f"Measured: {file_name}. Means of {bin_bp:,} bp{how}; places that the file leaves out count as 0."
    return SignalRow(
        id=row_id,
        title=title,
        note=note,
        about=said,
        pieces=tuple(Piece(b.start, float(b.bin_bp), values) for b, values in blocks if values is not None),
        unit=FILE_UNIT,
        assay=assay_of(file_name),
        log_possible=True,
        missing="not measured" if all(values is not None for _, values in blocks) else "not read yet",
    )


def lay_over(
    row: SignalRow, measured: Mapping[int, np.ndarray], name: str, seen: tuple[float, float], *, unit: str = FILE_UNIT
) -> SignalRow:
    """A predicted row with a line of what was measured in its bins, and Pearson's r over those that are seen.

    Parameters
    ----------
    measured : start of a piece -> (bins,) float32 in the piece's own bins; pieces may be left out.
    name : of the file.
    seen : (start, end) of what is seen.
    unit : of what was measured.
    """
    pieces = tuple(replace(piece, second=measured.get(piece.start_bp)) for piece in row.pieces)
    r = agreement(pieces, seen)
    if not _seen_count(pieces, seen):
        note = ""
    elif r is None:
        note = f"r to {MEASURED} = none here"
    else:
        note = f"r = {r:.3f} to {MEASURED}" if r >= 0.995 else f"r = {r:.2f} to {MEASURED}"
    same = unit == row.unit
    said = (
        f"The line is {MEASURED}: {name}{'' if same else f', {unit}'}; r is Pearson's correlation of the two over the "
        "bins that are seen and predicted."
    )
    return replace(
        row,
        pieces=pieces,
        second_name=MEASURED if measured else "",
        note=" · ".join(filter(None, (row.note, note))),
        about=f"{row.about} {said}".strip(),
    )


def agreement(pieces: Sequence[Piece], seen: tuple[float, float]) -> float | None:
    """Pearson's r of values and the line over them, of the bins whose middle is seen; see `pearson`."""
    first, second = [], []
    for piece in pieces:
        if piece.second is None:
            continue
        here = _seen_bins(piece, seen)
        first.append(piece.values[here])
        second.append(piece.second[here])
    return pearson(np.concatenate(first), np.concatenate(second)) if first else None


def _seen_bins(piece: Piece, seen: tuple[float, float]) -> slice:
    """Those whose middle is seen."""
    low = max(0, math.ceil((seen[0] - piece.start_bp) / piece.bin_bp - 0.5))
    return slice(low, max(low, math.ceil((seen[1] - piece.start_bp) / piece.bin_bp - 0.5)))


def _seen_count(pieces: Sequence[Piece], seen: tuple[float, float]) -> int:
    """How many bins are both predicted and measured there."""
    return sum(len(piece.values[_seen_bins(piece, seen)]) for piece in pieces if piece.second is not None)


def lanes_of(regions: Sequence[Region]) -> list[int]:
    """The lane of each region, sorted by place: the first in which it lies on no other one, or `MAX_LANES`."""
    ends = [0] * MAX_LANES
    lanes = []
    for region in regions:
        lane = next((number for number, end in enumerate(ends) if end <= region.interval.start), MAX_LANES)
        if lane < MAX_LANES:
            ends[lane] = region.interval.end
        lanes.append(lane)
    return lanes


@dataclass(frozen=True, eq=False)
class Laid:
    """All regions of a file on one chromosome, in lanes: a region keeps its lane while the browser moves.

    Attributes
    ----------
    regions : sorted by place. starts, ends, lanes : (regions,) int64 of each.
    legend : (name, colour) of what the colours mean.
    """

    regions: tuple[Region, ...]
    starts: np.ndarray
    ends: np.ndarray
    lanes: np.ndarray
    legend: tuple[tuple[str, tuple[int, int, int]], ...]

    @classmethod
    def of(cls, regions: Sequence[Region]) -> Laid:
        """Regions that are sorted by place."""
        starts, ends = (
            np.array([getattr(region.interval, end) for region in regions], np.int64) for end in ("start", "end")
        )
        return cls(tuple(regions), starts, ends, np.array(lanes_of(regions), np.int64), legend_of(regions))


def region_rows(row_id: str, title: str, file_name: str, laid: Laid, loaded: tuple[int, int]) -> tuple[RegionRow, ...]:
    """A row for each lane of a file's regions on one chromosome, in their own colours.

    Parameters
    ----------
    loaded : what rows are to know.
    """
    lanes = min(MAX_LANES, 1 + int(laid.lanes.max(initial=0)))
    deeper = int((laid.lanes == MAX_LANES).sum())
    here = (laid.ends > loaded[0]) & (laid.starts < loaded[1])
    rows = []
    for number in range(lanes):
        found = np.flatnonzero(here & (laid.lanes == number))
        widest = np.argsort(laid.starts[found] - laid.ends[found], kind="stable")[:MAX_MARKS]
        shown = [laid.regions[place] for place in sorted(found[widest])]
        notes = [f"{len(found) - len(shown):,} narrower ones not drawn"] if len(found) > len(shown) else []
        if deeper and number == lanes - 1:
            notes.append(f"{deeper:,} more lie below one another")
        more = f", lane {number + 1}" if lanes > 1 else ""
        rows.append(
            RegionRow(
                id=row_id if number == 0 else f"{row_id}.{number + 1}",
                title=f"{title}{more}",
                note=" · ".join(notes),
                about=f"Regions of {file_name}, in the file's own colours.",
                height="small",
                regions=tuple(map(region_mark, shown)),
                legend=laid.legend if number == 0 else (),
            )
        )
    return tuple(rows)


def region_mark(region: Region) -> RegionMark:
    """A region as drawn."""
    state = state_of(region)
    colour = region.colour or (state.colour if state else None)
    told = f"{region.name or 'region'} · {region.interval.locus} · {region.interval.width_bp:,} bp"
    about = told + (f" · {state.name}" if state else "") + (f" · score {region.score:g}" if region.score else "")
    return RegionMark(region.name, region.interval.start, region.interval.end, colour, about=about)


def legend_of(regions: Sequence[Region]) -> tuple[tuple[str, tuple[int, int, int]], ...]:
    """(name, colour) of what the colours mean: the seven ENCODE states by their codes, others by the file's."""
    if all(state_of(region) for region in regions):
        met = {region.name.strip().upper() for region in regions}
        return tuple((state.code, state.colour) for state in CHROMATIN_STATES if state.code in met)
    names: dict[tuple[int, int, int], Counter[str]] = {}
    for region in regions:
        if region.colour is not None:
            names.setdefault(region.colour, Counter())[_NUMBERED.sub("", region.name).replace("_", " ")] += 1
    often = sorted(names, key=lambda colour: -names[colour].total())
    # A colour that many names share is not explained by one of them (bands of a chromosome, peaks with numbers).
    clear = [colour for colour in often if 2 * names[colour].most_common(1)[0][1] >= names[colour].total()]
    return tuple((names[colour].most_common(1)[0][0] or "no name", colour) for colour in clear[:MAX_LEGEND])
