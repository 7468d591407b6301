"""What is asked of the engine, checked: the window, its crop, the head and the tracks."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from core.enformer.tracks import Track, TrackTable
from core.errors import SelectionError, SequenceError
from core.genome.interval import Interval
from core.genome.sequence import check_sequence, sequence_of, unknown_share

Tracks = Iterable[Track | int] | Track | int | None


@dataclass(frozen=True)
class Window:
    """A sequence that the model can read.

    Attributes
    ----------
    letters : upper case, a multiple of `bin_size_bp` long.
    interval : where it lies, as wide as `letters` is long, strand left out; or None.
    notes : sentences about it.
    """

    letters: str
    interval: Interval | None
    bin_size_bp: int
    notes: tuple[str, ...]

    @property
    def bins(self) -> int:
        return len(self.letters) // self.bin_size_bp

    @property
    def digest(self) -> str:
        """sha256 (hexadecimal) of the letters."""
        return hashlib.sha256(self.letters.encode("ascii")).hexdigest()

    def interval_of(self, first: int, stop: int) -> Interval | None:
        """What the bins `first` to `stop` (half-open) cover."""
        if self.interval is None:
            return None
        start = self.interval.start
        return Interval(self.interval.chrom, start + first * self.bin_size_bp, start + stop * self.bin_size_bp)

    def labels(self, bins: Iterable[int]) -> tuple[str, ...]:
        """Each bin as people read it: "chr11:35,140,086-35,140,213", or "bin 12" where the place is not known."""
        places = ((number, self.interval_of(number, number + 1)) for number in bins)
        return tuple(f"bin {number}" if place is None else place.locus for number, place in places)


def checked_window(sequence: str | np.ndarray, interval: Interval | None, bin_size_bp: int, title: str) -> Window:
    """Check a sequence, letters in either case or one-hot (length, 4), and its place.

    Raises
    ------
    SequenceError
        It is no DNA, has no known base, is not a multiple of the bin size long, or not as long as its interval.
    """
    if not isinstance(sequence, str | np.ndarray):
        raise SequenceError(
            f"The sequence is a {type(sequence).__name__}; give letters such as ACGT, or a one-hot array (length, 4) "
            "of NumPy."
        )
    if interval is not None and not isinstance(interval, Interval):
        raise SequenceError(f"The interval is {interval!r}; give an Interval, such as that of Interval.parse.")
    letters = sequence_of(sequence) if isinstance(sequence, np.ndarray) else sequence
    check_sequence(letters)
    letters, length = letters.upper(), len(letters)
    if not length or length % bin_size_bp:
        below = length // bin_size_bp * bin_size_bp
        nearest = f"{below:,} or {below + bin_size_bp:,}" if below else f"{bin_size_bp:,}"
        raise SequenceError(
            f"The sequence has {length:,} letters and {title} reads a multiple of {bin_size_bp}; give {nearest}."
        )
    if interval is not None and interval.width_bp != length:
        raise SequenceError(
            f"The sequence has {length:,} letters and {interval.locus} is {interval.width_bp:,} bp wide; give the "
            "interval that the sequence was read from."
        )
    unknown = round(unknown_share(letters) * length)
    if unknown == length:
        where = "" if interval is None else f" of {interval.locus}"
        raise SequenceError(
            f"The window{where} holds no known base: all {length:,} letters are N, as in the gaps of a genome; choose "
            "another place."
        )
    some = f"{unknown:,} of {length:,} letters are no A, C, G or T; the model reads them as zeros."
    if interval is not None:
        interval = Interval(interval.chrom, interval.start, interval.end)
    return Window(letters, interval, bin_size_bp, (some,) if unknown else ())


def crop(bins: int, wanted: int | None, own: int) -> tuple[int, int, tuple[str, ...]]:
    """(first, stop, notes): the middle bins that are shown.

    Parameters
    ----------
    wanted : number of bins, -1 for all; None is the model's `own` number, or all where the window has fewer.
    own : number of bins that the model was trained to show, -1 for all.

    Of an odd difference the left side loses one bin more, so that the first bin is enformer_pytorch's. Its own crop of
    an odd difference gives one bin too few (it takes as much from the right as from the left); this one gives all.

    Raises
    ------
    SelectionError
        More bins are wanted than there are, or none.
    """
    notes: tuple[str, ...] = ()
    if wanted is None:
        wanted = own
        if own > bins:
            wanted = -1
            notes = (f"The model's crop of {own:,} bins does not fit into the window's {bins:,}, so all are shown.",)
    try:
        count = bins if operator.index(wanted) == -1 else operator.index(wanted)
    except TypeError as error:
        raise SelectionError(f"The target length is {wanted!r}; give a whole number of bins.") from error
    if not 1 <= count <= bins:
        raise SelectionError(
            f"The target length is {count:,} bins and the window has {bins:,}; give 1 to {bins:,}, or -1 for all."
        )
    first = (bins - count + 1) // 2
    return first, first + count, notes


def checked_head(head: str, counts: Mapping[str, int]) -> str:
    """The name of a head.

    Raises
    ------
    SelectionError
        The model has no such head.
    """
    if not isinstance(head, str) or head not in counts:
        known = " and ".join(sorted(counts)) or "none"
        raise SelectionError(f"The model has no head {head!r}; it has {known}.")
    return head


def listed(tracks: Tracks) -> tuple[Track | int, ...]:
    """What was asked for, one by one; () of None.

    Raises
    ------
    SelectionError
        It is neither a track nor several.
    """
    if tracks is None or isinstance(tracks, Track):
        return () if tracks is None else (tracks,)
    with suppress(TypeError):
        return (operator.index(tracks),)
    try:
        return tuple(tracks)
    except TypeError as error:
        raise SelectionError(f"{tracks!r} is no track; give whole numbers, or tracks of the model's table.") from error


def chosen_tracks(wanted: Tracks, table: TrackTable, count: int) -> tuple[Track, ...]:
    """The tracks that are asked for, each once, in the order they were given; None is all of the head's `count`.

    Where the table names only some, the others are called "track 17".

    Raises
    ------
    SelectionError
        There is no such track, a track of another table, or none at all.
    """

    def named(index: int) -> Track:
        return table[index] if index in table else Track(index, "", f"track {index}")

    if wanted is None:
        return tuple(named(index) for index in range(count))
    found: dict[int, Track] = {}
    for one in listed(wanted):
        try:
            index = one.index if isinstance(one, Track) else operator.index(one)
        except TypeError as error:
            raise SelectionError(f"{one!r} is no track; give whole numbers, or tracks of the model's table.") from error
        if not 0 <= index < count:
            raise SelectionError(f"Track {index} does not exist: the {table.head} head has tracks 0 to {count - 1:,}.")
        if isinstance(one, Track) and one != named(index):
            raise SelectionError(
                f"{one.label} is a track of another table: track {index} of the {table.head} head is "
                f"{named(index).label}."
            )
        found[index] = named(index)
    if not found:
        raise SelectionError("No track is chosen; name at least one, or leave tracks out for all of them.")
    return tuple(found.values())


def checked_numbers(what: str, wanted: Iterable[int] | int, count: int) -> tuple[int, ...]:
    """Whole numbers from 0 to `count` - 1, each once, in the order given.

    Raises
    ------
    SelectionError
        Another number, or none.
    """
    if not count:
        raise SelectionError(f"The model has no {what}s.")
    given = (wanted,) if isinstance(wanted, int | np.integer) else wanted
    try:
        numbers = tuple(dict.fromkeys(operator.index(number) for number in given))
    except TypeError as error:
        raise SelectionError(f"{what.capitalize()}s are whole numbers from 0 to {count - 1:,}.") from error
    if not numbers:
        raise SelectionError(f"No {what} is chosen; give at least one from 0 to {count - 1:,}.")
    for number in numbers:
        if not 0 <= number < count:
            raise SelectionError(f"{what.capitalize()} {number} does not exist; give one from 0 to {count - 1:,}.")
    return numbers
