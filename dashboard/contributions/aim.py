"""The question of the page: which window is read, which bins and tracks of it are explained, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from components.contributions.state import ALSO, BINS, BOTH_STRANDS, HEAD, LESS, SHIFTED, SHIFTS, TRACKS, WINDOW
from components.contributions.words import question_words, unit_of, where_words
from components.controls import choose
from core.attribution.target import Target
from core.enformer.averaging import Averaging
from core.enformer.window import crop
from core.errors import InvalidLocusError
from core.genome.interval import Interval
from dashboard.tracks.truth import is_playground, origin_of
from dashboard.tracks.where import Ground, Spot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine
    from core.enformer.models import DnaModel
    from core.enformer.tracks import Track


@dataclass(frozen=True, eq=False)
class Side:
    """One number that is explained.

    Attributes
    ----------
    tracks : whose mean it is. less : whose mean is taken off.
    """

    target: Target
    tracks: tuple[Track, ...]
    less: tuple[Track, ...]

    @property
    def unit(self) -> str:
        """Of the number and of its contributions."""
        return unit_of((*self.tracks, *self.less))

    @property
    def short(self) -> str:
        """For the titles of rows."""
        names = " + ".join(track.label for track in self.tracks[:2]) + (" + …" if len(self.tracks) > 2 else "")
        less = " + ".join(track.label for track in self.less[:2]) + (" + …" if len(self.less) > 2 else "")
        return f"{names} − {less}" if less else names


@dataclass(frozen=True, eq=False)
class Aim:
    """What is asked, of which model, where.

    Attributes
    ----------
    genome : as the inputs and a link name it. locus : what was typed for the place.
    window : what is read; may overhang the chromosome. shown : what is predicted of it.
    place : the bins that are explained, on the chromosome. start : of the gene, or None of a range or position.
    sides : the question, then what stands below it.
    """

    engine: EnformerEngine
    model: DnaModel
    ground: Ground
    genome: str
    locus: str
    spot: Spot
    window: Interval
    shown: Interval
    place: Interval
    start: int | None
    head: str
    averaging: Averaging
    sides: tuple[Side, ...]
    contig_bp: int

    @property
    def side(self) -> Side:
        """The question itself."""
        return self.sides[0]

    @property
    def is_playground(self) -> bool:
        """Whether what is true is known: of the simulated genome."""
        return is_playground(self.ground.name, self.ground.reference)

    @property
    def origin(self) -> str:
        """Of a simulated genome where it comes from, "" of any other."""
        return origin_of(self.ground.name, self.ground.reference)

    @property
    def name(self) -> str:
        """Of the place, short."""
        return self.spot.place_name or on_contig(self.place, self.contig_bp).locus


@dataclass(frozen=True)
class Bins:
    """Where the bins lie: what is read, what is predicted, and the bins by number among those that are predicted."""

    window: Interval
    shown: Interval
    place: Interval
    numbers: tuple[int, ...]


def choose_head(heads: Sequence[str]) -> str:
    """Whose tracks; of a model with one head there is nothing to choose."""
    if st.session_state.get(HEAD) not in heads:
        st.session_state[HEAD] = heads[0]
    if len(heads) == 1:
        return heads[0]
    return choose(
        "Tracks of", {head: head.capitalize() for head in heads}, HEAD, on_change=_no_tracks,
        help="Enformer has one output for each species; either reads any DNA.",
    )  # fmt: skip


def _no_tracks() -> None:
    st.session_state.update({TRACKS: [], LESS: [], ALSO: []})


def chosen_averaging() -> Averaging:
    """What the two switches say."""
    state = st.session_state
    return Averaging(bool(state.get(BOTH_STRANDS)), SHIFTS if state.get(SHIFTED) else ())


def choose_averaging() -> Averaging:
    """Both strands, small shifts."""
    st.sidebar.toggle(
        "Average both strands", key=BOTH_STRANDS, persist_state="session",
        help="Reads the window and its reverse complement, and lays the mean back on the forward strand. Twice the "
        "time.",
    )  # fmt: skip
    st.sidebar.toggle(
        "Average small shifts", key=SHIFTED, persist_state="session",
        help="Reads the window as it is and moved by 1, 2 and 3 bp to either side; the spread is in the files. Seven "
        "times the time.",
    )  # fmt: skip
    return chosen_averaging()


def bins_of(spot: Spot, model: DnaModel) -> Bins:
    """The bins that the place means, and the window around them.

    A gene: its start on the left edge of the middle bin, as published scores have it. A position: in the middle of its
    bin. A range: all bins that it touches. A window that a link names is taken as it is.

    Raises
    ------
    InvalidLocusError
        More is asked about than one window predicts, or what is asked about lies in the crop of the named window.
    """
    size, read = model.bin_size_bp, model.input_bp
    first, stop, _ = crop(read // size, None, model.target_bins)
    count = int(st.session_state.get(BINS) or 3)
    place, is_range = spot.place, spot.asked_bp > 1
    if is_range:
        count = -(-place.width_bp // size)
        low = place.start if place.width_bp % size == 0 else place.centre - count * size // 2
    elif spot.place_name:
        low = place.start - count // 2 * size
    else:
        low = place.start - size // 2 - count // 2 * size
    if count > stop - first:
        raise InvalidLocusError(
            f"{place.locus} is {place.width_bp:,} bp wide and {model.card.name} predicts {(stop - first) * size:,} bp "
            "at once; ask about a shorter range, a gene, or a position."
        )
    if (named := st.session_state.get(WINDOW)) is not None:
        return _in_named(spot, low, count, named, model, (first, stop))
    number = first + (stop - first) // 2 - count // 2  # of the first bin of the place, from the window's left edge
    return _bins(spot.window.chrom, low - number * size, number, count, model, (first, stop))


def _in_named(spot: Spot, low: int, count: int, named: int, model: DnaModel, seen: tuple[int, int]) -> Bins:
    size = model.bin_size_bp
    number = (low + size // 2 - named) // size
    found = _bins(spot.window.chrom, named, number, count, model, seen)
    if not found.shown.contains(found.place):
        window, shown = found.window, found.shown
        raise InvalidLocusError(
            f"{spot.place.locus} is not predicted in the window {window.locus}: the model reads all of it and predicts "
            f"the middle only, {shown.locus}, as bins near an edge lack surroundings on one side. There is no number "
            "there to explain; contributions of zero would look like “these letters do not matter”. Put the place in "
            "the middle of the window."
        )
    return found


def _bins(chrom: str, start: int, number: int, count: int, model: DnaModel, seen: tuple[int, int]) -> Bins:
    size = model.bin_size_bp
    window = Interval(chrom, start, start + model.input_bp)
    place = Interval(chrom, start + number * size, start + (number + count) * size)
    shown = Interval(chrom, start + seen[0] * size, start + seen[1] * size)
    return Bins(window, shown, place, tuple(range(number - seen[0], number - seen[0] + count)))


def on_contig(place: Interval, contig_bp: int) -> Interval:
    """The part of a place that lies on its chromosome, for words."""
    return Interval(place.chrom, max(0, place.start), min(contig_bp, place.end))


def sides_of(
    tracks: Sequence[Track], less: Sequence[Track], also: Sequence[Track], bins: Bins, spot: Spot, head: str,
    contig_bp: int,
) -> tuple[Side, ...]:  # fmt: skip
    """The question and those below it, in words.

    Raises
    ------
    SelectionError
        As `Target`.
    """
    count, is_start = len(bins.numbers), bool(spot.place_name)
    where = where_words(count, spot.place_name or on_contig(bins.place, contig_bp).locus, is_start=is_start)
    made = []
    for mean, minus in ((tuple(tracks), tuple(less)), *(((one,), ()) for one in also)):
        name = question_words(mean, minus, where)
        target = Target(
            tuple(track.index for track in mean), bins.numbers, name, head, tuple(track.index for track in minus)
        )
        if not any(target == side.target for side in made):
            made.append(Side(target, mean, minus))
    return tuple(made)
