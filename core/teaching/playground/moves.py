"""Changing the letters of a locus: an element loses sites or moves, a boundary is written or taken out.

Everything keeps its length, so every other base keeps its place. What is taken out is shuffled: the same letters, and
no site left among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.errors import SequenceError
from core.genome import Interval
from core.teaching.playground.edits import Replacement
from core.teaching.playground.locus import Element, Locus, elements_in
from core.teaching.playground.motifs import motifs
from core.teaching.playground.occupancy import Site, encode, sites
from core.teaching.playground.world import world

LEAST_BP, MOST_BP = 600, 11_500  # of a distance that can be asked for
BOUNDARY_SITES = 3
_TRIES = 400
_APART = 14  # between written CTCF sites
_CLEAR_BP = 420  # from the middle of a written boundary to that of another element
_ROLES = {"enhancer erythroid": ("erythroid",), "enhancer liver": ("liver",), "enhancer shared": ("erythroid", "liver")}
_ROLES |= {"silencer": ("silencer",), "boundary": ("boundary",), "promoter": ("promoter",)}


@dataclass(frozen=True)
class Moves:
    """What is done to a locus; None leaves a thing as it is.

    Attributes
    ----------
    sites : how many of the element's sites stay, the strongest ones.
    distance_bp : from the gene's first base to the element's middle, on its own side.
    boundary : True writes one between gene and element unless there is one, False takes out all between them.
    """

    sites: int | None = None
    distance_bp: int | None = None
    boundary: bool | None = None


@dataclass(frozen=True)
class Changed:
    """A locus after its moves.

    Attributes
    ----------
    edits : replacements of equal length, in order, not overlapping.
    element : where the element lies now.
    boundaries : those between gene and element now; written : the one that was written; removed : those taken out.
    notes : sentences about what a person should know.
    """

    edits: tuple[Replacement, ...]
    element: Interval | None
    boundaries: int
    written: Interval | None = None
    removed: tuple[Element, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Letters:
    """The letters of a stretch while they are being changed, and which of them were touched."""

    start: int
    now: str
    touched: np.ndarray

    def put(self, at: int, letters: str) -> None:
        left = at - self.start
        self.now = self.now[:left] + letters + self.now[left + len(letters) :]
        self.touched[left : left + len(letters)] = True

    def cut(self, place: Interval) -> str:
        return self.now[place.start - self.start : place.end - self.start]

    def replacements(self, chrom: str) -> tuple[Replacement, ...]:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], self.touched, [0]])))
        return tuple(
            Replacement(Interval(chrom, self.start + int(a), self.start + int(b)), self.now[a:b])
            for a, b in edges.reshape(-1, 2)
        )


def element_sites(element: Element) -> tuple[Site, ...]:
    """The sites that make an element what it is, strongest first; places count from its first base."""
    return _own_sites(world().genome.fetch(element.interval), element.kind)


def _own_sites(letters: str, kind: str) -> tuple[Site, ...]:
    named = {motif.name for motif in motifs() if motif.role in _ROLES[kind]}
    chosen: list[Site] = []
    for site in sorted((s for s in sites(encode(letters)) if s.motif in named), key=lambda s: -s.score):
        # A palindrome is found on both strands: one place on the DNA, one site here.
        if all(site.end <= other.start or site.start >= other.end for other in chosen):
            chosen.append(site)
    return tuple(chosen)


def _without_sites(letters: str, free: np.ndarray, done: Callable[[str], bool]) -> str:
    """The letters at `free` places shuffled until `done`; always the same ones for the same letters."""
    whole = np.array(list(letters))
    for seed in range(_TRIES):
        tried = whole.copy()
        tried[free] = np.random.default_rng(seed).permutation(whole[free])
        if done("".join(tried)):
            return "".join(tried)
    raise SequenceError("These letters still hold a site, however they are shuffled; choose another element.")


def shuffled_out(letters: str) -> str:
    """The same letters in an order in which no factor of the playground has a site."""
    free = np.array([letter in "ACGT" for letter in letters])
    return _without_sites(letters, free, lambda tried: not sites(encode(tried)))


def with_sites(letters: str, kind: str, count: int) -> str:
    """An element of which only its `count` strongest sites are left."""
    own = _own_sites(letters, kind)
    kept, lost = own[:count], own[count:]
    free = np.zeros(len(letters), dtype=bool)
    for site in lost:
        free[site.start : site.end] = True
    for site in kept:
        free[site.start : site.end] = False
    if not free.any():
        return letters
    return _without_sites(letters, free, lambda tried: len(_own_sites(tried, kind)) <= len(kept))


def boundary_letters(under: str) -> str:
    """Three best CTCF sites, written over the middle of `under`."""
    motif = next(motif for motif in motifs() if motif.role == "boundary")
    best = "".join("ACGT"[code] for code in motif.log_odds.argmax(axis=1))
    step = len(best) + _APART
    left = (len(under) - BOUNDARY_SITES * step + _APART) // 2
    for number in range(BOUNDARY_SITES):
        at = left + number * step
        under = under[:at] + best + under[at + len(best) :]
    return under


def boundaries_between(locus: Locus, middle: int) -> tuple[Element, ...]:
    """The boundaries between the gene's first base and a place."""
    low, high = sorted((locus.gene.tss, middle))
    if high - low < 2:
        return ()
    found = elements_in(Interval(locus.chrom, low, high))
    return tuple(element for element in found if element.kind == "boundary" and low < element.middle < high)


def _room(locus: Locus, middle: int) -> int | None:
    """Middle of a boundary that can be written between gene and element, as near to half-way as possible."""
    low, high = sorted((locus.gene.tss, middle))
    taken = [e.middle for e in elements_in(Interval(locus.chrom, low, high))] + [low, high]
    free = [at for at in range(low, high, 20) if all(abs(at - other) >= _CLEAR_BP for other in taken)]
    return min(free, key=lambda at: abs(2 * at - low - high), default=None)


@lru_cache(maxsize=256)
def change(locus: Locus, moves: Moves) -> Changed:
    """The edits that the moves mean.

    Raises
    ------
    SequenceError
        A distance or a number of sites that cannot be had, or moves of an element where there is none.
    """
    element = locus.element
    if element is None:
        if moves != Moves():
            raise SequenceError(f"{locus.gene.symbol} has no enhancer or silencer near it; choose another gene.")
        return Changed((), None, 0)
    _check(moves)
    span = Interval(locus.chrom, locus.seen.start - 1_024, locus.seen.end + 1_024)
    stretch = world().genome.fetch(span)
    letters = _Letters(span.start, stretch, np.zeros(len(stretch), dtype=bool))
    notes: list[str] = []
    place = element.interval
    own = letters.cut(place)
    if moves.sites is not None and moves.sites < len(element_sites(element)):
        own = with_sites(own, element.kind, moves.sites)
        letters.put(place.start, own)
    if moves.distance_bp is not None and moves.distance_bp != locus.distance_bp:
        letters.put(place.start, shuffled_out(letters.cut(place)))
        place = _moved(locus, element, moves.distance_bp)
        letters.put(place.start, own)
        over = [e for e in elements_in(place) if e != element]
        notes += [f"It now covers letters of a {other.kind} that lay there." for other in over]
    between = boundaries_between(locus, place.centre)
    removed: tuple[Element, ...] = ()
    written = None
    if moves.boundary is False:
        removed = between
        for boundary in between:
            letters.put(boundary.interval.start, shuffled_out(letters.cut(boundary.interval)))
    elif moves.boundary is True and not between:
        if (middle := _room(locus, place.centre)) is None:
            notes.append("There is no room for a boundary between them; move the element farther away.")
        else:
            written = Interval(locus.chrom, middle - 120, middle + 120)
            letters.put(written.start, boundary_letters(letters.cut(written)))
    left = len(between) - len(removed) + (written is not None)
    return Changed(letters.replacements(locus.chrom), place, left, written, removed, tuple(notes))


def _check(moves: Moves) -> None:
    if moves.sites is not None and moves.sites < 0:
        raise SequenceError(f"{moves.sites} sites cannot stay; give 0 or more.")
    if moves.distance_bp is not None and not LEAST_BP <= moves.distance_bp <= MOST_BP:
        raise SequenceError(
            f"The distance {moves.distance_bp:,} bp cannot be shown; give {LEAST_BP:,} to {MOST_BP:,} bp."
        )


def _moved(locus: Locus, element: Element, distance_bp: int) -> Interval:
    side = 1 if element.middle >= locus.gene.tss else -1
    return element.interval.shift(locus.gene.tss + side * distance_bp - element.middle)


def changed_letters(window: Interval, edits: tuple[Replacement, ...]) -> str:
    """Letters of a window after replacements of equal length; what lies outside the window is left out."""
    letters = world().genome.fetch(window)
    for edit in edits:
        start, end = max(edit.interval.start, window.start), min(edit.interval.end, window.end)
        if start < end:
            new = edit.letters[start - edit.interval.start : end - edit.interval.start]
            letters = letters[: start - window.start] + new + letters[end - window.start :]
    return letters
