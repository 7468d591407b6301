"""The scene: all rows of the browser, from what is predicted, known, measured and asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from components.browser.scene import Piece, Place, Row, Scene, SignalRow, Window
from components.tracks.choices import RowChoices
from components.tracks.strip import TRUTH, Strip
from components.tracks.words import description
from core.enformer.tracks import Track

SPREAD = "The ribbon is the spread (standard deviation) over the runs that were averaged."
R_MEANS = "r is Pearson's correlation of the two over all predicted windows, seen or not."
LOG_UNIT = "Drawn as log10(1 + x); the cursor and the files give x."


@dataclass(frozen=True)
class Look:
    """The page's own choice for all rows, where a person chose nothing for one.

    Attributes
    ----------
    shared : one scale for the tracks of an assay, instead of one each.
    logarithm : tracks that are usually drawn so are drawn as log10(1 + x).
    """

    shared: bool = False
    logarithm: bool = True


def track_id(head: str, track: Track) -> str:
    """Of the row of a track."""
    return f"track:{head}:{track.index}"


def track_of(row: str, head: str) -> int | None:
    """The index of the track whose row this is, or None."""
    start = f"track:{head}:"
    return int(row.removeprefix(start)) if row.startswith(start) and row.removeprefix(start).isdigit() else None


def signal_row(strip: Strip, track: Track, head: str, look: Look, *, with_truth: bool = True) -> SignalRow:
    """A predicted track, with the spread of averaged runs, and the truth where it is known and wanted."""
    known = bool(strip.truth) and with_truth
    averaged = any(found.spread is not None for found in strip.found.values())
    said = [f"{track.description}.", f"Unit: {track.unit}.", LOG_UNIT if track.log else "", SPREAD if averaged else ""]
    if known:
        said.append(f"The line is the {TRUTH}; {R_MEANS}")
    if strip.plain:
        said.append(f"{strip.plain_words.capitalize()}: a single run is shown until the average is there.")
    notes = [strip.plain_words]
    if known and any(strip.stretches()):
        notes.append(f"{strip.agreement_sentence(track)} to the truth")
    return SignalRow(
        id=track_id(head, track),
        title=track.label,
        note=" · ".join(filter(None, notes)),
        about=" ".join(filter(None, said)),
        pieces=strip.pieces(track) if known else tuple(replace(piece, second=None) for piece in strip.pieces(track)),
        unit=track.unit,
        assay=track.assay,
        second_name=TRUTH if known else "",
        log_possible=True,
        log=look.logarithm and track.log,
        scaling="group" if look.shared else "own",
        group=track.assay or "tracks",
    )


def difference_row(strip: Strip, first: Track, second: Track, head: str) -> SignalRow:
    """The first track less the second, bin by bin; of the truth too, where it is shown."""
    pieces = tuple(
        Piece(a.start_bp, a.bin_bp, a.values - b.values, None, None if a.second is None else a.second - b.second)
        for a, b in zip(strip.pieces(first), strip.pieces(second), strict=True)
    )
    unit = first.unit if first.unit == second.unit else "difference of unlike units"
    up, down = (track.biosample or track.label for track in (first, second))
    return SignalRow(
        id=difference_id(head, first.index, second.index),
        title=f"{first.label} − {second.label}",
        note=strip.plain_words,
        about=difference_sentence(first, second),
        pieces=pieces,
        unit=unit,
        assay=first.assay,
        second_name=TRUTH if strip.truth else "",
        signed=True,
        signs=(f"more in {up}", f"more in {down}"),
    )


def difference_id(head: str, first: int, second: int) -> str:
    """Of the row of a difference."""
    return f"difference:{head}:{first}-{second}"


def difference_sentence(first: Track, second: Track) -> str:
    """What the row of a difference shows."""
    return (
        f"{first.label} minus {second.label}, in each bin: above the line more is expected in "
        f"{first.biosample or first.label}, below it in {second.biosample or second.label}. Unit: {first.unit}."
    )


def windows_of(strip: Strip, states: Mapping[int, str]) -> tuple[Window, ...]:
    """The windows that are there, and those that are being predicted or might be.

    Parameters
    ----------
    states : "running" or "missing" of windows that are not there.
    """
    made = []
    for number in sorted({*strip.found, *states}):
        seen, read = strip.grid.shown(number), strip.grid.window(number)
        state = "ready" if number in strip.found else states[number]
        made.append(Window(seen.start, seen.end, read.start, read.end, state))
    return tuple(made)


def marks_of(strip: Strip) -> tuple[tuple[int, int, str], ...]:
    """What was asked for, unless it is nearly all that is seen."""
    start, end = max(strip.place.start, strip.seen.start), min(strip.place.end, strip.seen.end)
    if end - start > 0.9 * strip.seen.width_bp:
        return ()
    return ((strip.place.start, strip.place.end, strip.place_name),)


def scene_of(
    strip: Strip,
    rows: Sequence[Row],
    *,
    move: int,
    loaded: tuple[int, int],
    states: Mapping[int, str],
    choices: RowChoices,
    marks: tuple[tuple[int, int, str], ...] = (),
) -> Scene:
    """The whole picture, with the rows as the person has them; `marks` come beside that of the place."""
    return Scene(
        place=Place(strip.chrom, float(strip.view[0]), float(strip.view[1]), move),
        contig_bp=strip.grid.contig_bp,
        assembly=strip.assembly,
        loaded=loaded,
        rows=choices.apply(rows),
        windows=windows_of(strip, states),
        marks=(*marks_of(strip), *marks),
        title=strip.title,
        subtitle=strip.subtitle,
        provenance=strip.provenance_sentence,
        description=description(strip),
        file_name=_file_name(f"tracks {strip.provenance.model} {strip.chrom} {strip.seen.start + 1} {strip.seen.end}"),
    )


def _file_name(text: str) -> str:
    """The same of pictures and of tables."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
