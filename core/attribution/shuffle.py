"""Letters in another order that keeps how often each pair of neighbours occurs: a baseline without the words."""

from __future__ import annotations

import re

import numpy as np

from core.genome.sequence import BASES, check_sequence

_KNOWN = re.compile(f"[{BASES}]+")


def dinucleotide_shuffle(sequence: str, seed: int = 0) -> str:
    """The sequence shuffled so that every pair of neighbouring letters occurs as often as before.

    Parameters
    ----------
    sequence : letters in either case. What is no A, C, G or T stays in its place; each stretch between is shuffled by
        itself and keeps its first and last letter.
    seed : the same seed gives the same letters.

    Returns
    -------
    Upper-case letters, as many. Every order with these pairs is as likely as any other.

    Raises
    ------
    SequenceError
        A letter that is no DNA.

    Source: Altschul & Erickson 1985 (doi 10.1093/oxfordjournals.molbev.a040370): a random walk that uses each pair
    once, its last steps from each letter drawn until they lead to the end.
    """
    check_sequence(sequence)
    random = np.random.default_rng(seed)
    return _KNOWN.sub(lambda found: _shuffled(found.group(), random), sequence.upper())


def _shuffled(letters: str, random: np.random.Generator) -> str:
    """Of A, C, G and T alone."""
    codes = np.searchsorted(np.frombuffer(BASES.encode(), np.uint8), np.frombuffer(letters.encode(), np.uint8))
    before, behind = codes[:-1], codes[1:]
    followers = [behind[before == letter] for letter in range(4)]
    last = int(codes[-1])
    leaving = [letter for letter in range(4) if len(followers[letter]) and letter != last]
    while True:
        ends = {letter: int(random.choice(followers[letter])) for letter in leaving}
        if all(_reaches(letter, last, ends) for letter in leaving):
            break
    order = []
    for letter in range(4):
        given = followers[letter]
        if letter in ends:
            place = int(np.flatnonzero(given == ends[letter])[0])
            given = np.append(random.permutation(np.delete(given, place)), ends[letter])
        else:
            given = random.permutation(given)
        order.append(iter(given.tolist()))
    walk = [int(codes[0])]
    for _ in range(len(codes) - 1):
        walk.append(next(order[walk[-1]]))
    return "".join(BASES[letter] for letter in walk)


def _reaches(letter: int, last: int, ends: dict[int, int]) -> bool:
    """Whether the last steps lead from a letter to the end without a circle."""
    for _ in range(4):
        if letter == last:
            return True
        letter = ends[letter]
    return letter == last
