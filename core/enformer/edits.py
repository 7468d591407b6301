"""Changes of a window's letters, what the window reads after them, and what a model predicts of it.

The start of the window stays where it is. What follows an insertion moves right, and as many bases leave the window at
its right end; what follows a deletion moves left, and as many enter there: those of the flank, or N.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.cards import Provenance
from core.errors import ReferenceMismatchError, SelectionError, SequenceError
from core.genome.interval import Interval
from core.genome.sequence import check_sequence

if TYPE_CHECKING:
    from core.enformer.tracks import Track

Flank = str | tuple[str, str]
_SHOWN = 20  # letters of an allele in a sentence


@dataclass(frozen=True)
class Edit:
    """Other letters in the place of some of a window's.

    Attributes
    ----------
    start : place of the first letter of `ref` in the window, from 0.
    ref : letters that are there; an empty text inserts `alt` before `start`. N stands for any letter.
    alt : letters in their place; an empty text deletes them. N and the other IUPAC letters are read as zeros.

    Both in upper case, whatever was given.

    Raises
    ------
    SequenceError
        A negative start, letters that are no DNA, or none at all.
    """

    start: int
    ref: str
    alt: str

    def __post_init__(self) -> None:
        try:
            start = operator.index(self.start)
        except TypeError as error:
            raise SequenceError(f"An edit starts at {self.start!r}; give a whole number, from 0.") from error
        if start < 0:
            raise SequenceError(f"An edit starts at {start:,}; the first letter of the window is number 0.")
        for letters in (self.ref, self.alt):
            check_sequence(letters)
        if not self.ref and not self.alt:
            raise SequenceError(f"The edit at {start:,} has no letters; give those that are there, new ones, or both.")
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "ref", self.ref.upper())
        object.__setattr__(self, "alt", self.alt.upper())

    @property
    def stop(self) -> int:
        """Place behind the last letter of `ref`."""
        return self.start + len(self.ref)

    @property
    def length_change_bp(self) -> int:
        """Letters that `alt` has more than `ref`; negative when letters are lost."""
        return len(self.alt) - len(self.ref)

    @property
    def label(self) -> str:
        """As people read it, the place counted from 0: "120 G>A", "120 -GA", "120 +TT"."""
        ref, alt = (f"{text[:_SHOWN]}{'…' * (len(text) > _SHOWN)}" for text in (self.ref, self.alt))
        change = f"{ref}>{alt}" if ref and alt else f"-{ref}" if ref else f"+{alt}"
        return f"{self.start:,} {change}"


Haplotype = Edit | tuple[Edit, ...]


def edits_of(haplotype: Haplotype) -> tuple[Edit, ...]:
    """The edits of one haplotype, from the left."""
    several = (haplotype,) if isinstance(haplotype, Edit) else haplotype
    return tuple(sorted(several, key=lambda edit: (edit.start, edit.stop)))


def length_change_bp(haplotype: Haplotype) -> int:
    """Letters that a haplotype has more than the reference."""
    return sum(edit.length_change_bp for edit in edits_of(haplotype))


def checked_haplotypes(edits: Iterable[Haplotype] | Edit, letters: str) -> tuple[Haplotype, ...]:
    """What is to be predicted, checked against the letters of the window; a list becomes a tuple.

    Raises
    ------
    SequenceError
        Something is no `Edit`, lies outside the window, or overlaps another edit of the same haplotype.
    ReferenceMismatchError
        The window has other letters than an edit says.
    """
    try:
        given = (edits,) if isinstance(edits, Edit) else tuple(edits)
        found: tuple[Haplotype, ...] = tuple(one if isinstance(one, Edit) else tuple(one) for one in given)
    except TypeError as error:
        raise SequenceError(f"{_short(edits)} holds no edits; give a list such as [Edit(120, 'G', 'A')].") from error
    for haplotype in found:
        several = (haplotype,) if isinstance(haplotype, Edit) else haplotype
        for edit in several:
            _check(edit, letters)
        for before, after in pairwise(edits_of(haplotype)):
            if after.start < before.stop or (before.start, before.stop) == (after.start, after.stop):
                raise SequenceError(
                    f"The edits {before.label} and {after.label} of one haplotype change the same place; give one edit "
                    "for both."
                )
    return found


def _short(value: object) -> str:
    return repr(value)[:60]


def _check(edit: object, letters: str) -> None:
    if not isinstance(edit, Edit):
        raise SequenceError(f"{_short(edit)} is no edit; give one such as Edit(120, 'G', 'A').")
    if edit.stop > len(letters) or edit.start == len(letters):
        raise SequenceError(
            f"The edit {edit.label} lies outside the window of {len(letters):,} letters, which are counted from 0; "
            "give a place inside it."
        )
    found = letters[edit.start : edit.stop]
    if found == edit.ref or all(said in (there, "N") for said, there in zip(edit.ref, found, strict=True)):
        return
    hint = "check the place, which is counted from 0 in the window"
    if found == edit.alt:
        hint = "that is the alternative: swap the two"
    else:
        for by, words in ((-1, "one place before"), (1, "one place behind")):
            if edit.start + by >= 0 and letters[edit.start + by : edit.stop + by] == edit.ref and len(edit.ref) > 1:
                hint = f"{edit.ref[:_SHOWN]} begins {words}: places are counted from 0"
    raise ReferenceMismatchError(
        f"The edit {edit.label} says {edit.ref[:_SHOWN]}, but the window has {found[:_SHOWN]} there; {hint}.",
        found=found,
    )


def flanks_of(flank: Flank) -> tuple[str, str]:
    """(left, right), upper case; a single text is the right one.

    Raises
    ------
    SequenceError
        It is no DNA, or more than two texts.
    """
    both = ("", flank) if isinstance(flank, str) else flank
    if not isinstance(both, tuple) or len(both) != 2:
        raise SequenceError(
            f"The flank is {_short(flank)}; give the letters right of the window, or both sides: (left, right)."
        )
    for letters in both:
        check_sequence(letters)
    return both[0].upper(), both[1].upper()


def edited(letters: str, haplotype: Haplotype, flank: str = "") -> tuple[str, str]:
    """What the window reads after the edits, as long as before, and what is then right of it.

    >>> edited("ACGTACGT", Edit(2, "GT", ""), "TTG")
    ('ACACGTTT', 'G')
    >>> edited("ACGTACGT", Edit(2, "GT", ""))
    ('ACACGTNN', '')
    >>> edited("ACGTACGT", Edit(2, "", "TT"), "A")
    ('ACTTGTAC', 'GTA')
    """
    pieces, place = [], 0
    for edit in edits_of(haplotype):
        pieces += [letters[place : edit.start], edit.alt]
        place = edit.stop
    changed = "".join([*pieces, letters[place:], flank])
    length = len(letters)
    return changed[:length].ljust(length, "N"), changed[length:]


def flank_notes(haplotypes: Iterable[Haplotype], flank: str) -> tuple[str, ...]:
    """What a person should know of bases that entered the window, or were missing there."""
    lost = max((-length_change_bp(haplotype) for haplotype in haplotypes), default=0)
    missing = lost - len(flank)
    if missing <= 0:
        return ()
    return (
        f"After a deletion up to {missing:,} N entered at the right end of the window: the bases beside it were not "
        "given.",
    )


@dataclass(frozen=True, eq=False)
class EditPredictions:
    """Predicted tracks of a window and of the same window after edits.

    Nothing is aligned: a bin number counts from the start of the window before and after an edit, so that what lies
    behind an insertion or deletion stands in other bins, `length_change_bp` letters further right.

    Attributes
    ----------
    reference : (bins, tracks) float32, in each track's own unit, of the window as it is.
    alternatives : (edits, bins, tracks) float32, of the window after each edit.
    edits : what was changed, in the order given: an `Edit`, or several that were made together.
    tracks : what each column is.
    bins : the numbers of these bins among all bins of the window, from 0 at its left edge.
    bin_size_bp : base pairs that a bin stands for.
    head : the head that was asked.
    sequence_digest : sha256 (hexadecimal) of the upper-case letters of the window.
    interval : where the window lies (all of it), forward strand, or None.
    provenance : model, revision, precision, assembly.
    reused : share of the alternatives' tower that was known and not computed, 0 to 1.
    reference_reused : the same of the window as it is: 1 where it had been read before.
    runs : what was averaged, in words.
    notes : sentences about what was done that a person should know.
    """

    reference: np.ndarray
    alternatives: np.ndarray
    edits: tuple[Haplotype, ...]
    tracks: tuple[Track, ...]
    bins: tuple[int, ...]
    bin_size_bp: int
    head: str
    sequence_digest: str
    interval: Interval | None
    provenance: Provenance
    reused: float
    reference_reused: float
    runs: tuple[str, ...] = ("forward",)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.bins), len(self.tracks))
        if self.reference.shape != shape or self.alternatives.shape != (len(self.edits), *shape):
            raise ValueError(
                f"{self.reference.shape} and {self.alternatives.shape} of {len(self.edits)} edits, {shape[0]} bins and "
                f"{shape[1]} tracks"
            )
        if not 0 <= self.reused <= 1 or not 0 <= self.reference_reused <= 1:
            raise ValueError(f"{self.reused} and {self.reference_reused} are no shares")
        for array in (self.reference, self.alternatives):
            if array.dtype != np.float32:
                raise ValueError(f"values of type {array.dtype}")
            array.setflags(write=False)

    def __len__(self) -> int:
        """Number of edits."""
        return len(self.edits)

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.reference.nbytes + self.alternatives.nbytes

    @property
    def length_changes_bp(self) -> tuple[int, ...]:
        """Of each edit, the letters that the window has more behind it; negative when letters were lost."""
        return tuple(length_change_bp(haplotype) for haplotype in self.edits)

    def place(self, track: Track | int) -> int:
        """Column of a track, given as itself or by its index in the model's table.

        Raises
        ------
        SelectionError
            The track was not predicted here.
        """
        index = track if isinstance(track, int | np.integer) else track.index
        for place, own in enumerate(self.tracks):
            if own.index == index:
                return place
        raise SelectionError(
            f"Track {index} is not among the {len(self.tracks):,} predicted here; name it when asking."
        )
