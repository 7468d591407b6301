"""Which word of one text is which word of another: the common ground of two attention maps.

Words and not tokens are paired, so that two tokenizers can be compared. The order of words may
cross, as it does between an active and a passive sentence.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from functools import lru_cache

from core.language.values import TokenSequence

Span = tuple[int, int]
WordPair = tuple[int | None, int | None]
UnitPair = tuple[Span | None, Span | None]

# Endings of inflected English words, and the shortest stem before each: "for" and "forest" are strangers.
_ENDINGS = dict.fromkeys(("ies", "ied", "n't", "n’t", "ing", "'s", "’s", "es", "ed", "s"), 3)
_ENDINGS |= dict.fromkeys(("iest", "ier", "est", "er", "en", "ly"), 4)
# A longer stretch without a common word is more likely a rewording than word-for-word substitution.
_LONGEST_SUBSTITUTION = 3


def _stems(word: str) -> set[str]:
    """What an English word may be an inflection of, itself included: "stopped" -> stopped, stopp, stoppe, stop."""
    found = {word}
    for ending, shortest in _ENDINGS.items():
        stem = word.removesuffix(ending)
        if stem == word:
            continue
        candidates = {stem, stem + "e"}
        if ending[0] == "i" and ending != "ing":
            candidates.add(stem + "y")
        if stem[-2:-1] == stem[-1:]:
            candidates.add(stem[:-1])
        found |= {candidate for candidate in candidates if len(candidate) >= shortest}
    return found


def _is_word(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _relative_distance(i: int, j: int, length_a: int, length_b: int) -> float:
    return abs((i + 0.5) / length_a - (j + 0.5) / length_b)


def _equal_runs(a: list[str], b: list[str]) -> list[tuple[int, int, int]]:
    """(length, start in a, start in b) of each longest stretch that both have."""
    places = defaultdict(list)
    for j, word in enumerate(b):
        places[word].append(j)
    runs: dict[tuple[int, int], int] = {}  # (end in a, end in b) -> length
    for i, word in enumerate(a):
        for j in places[word]:
            runs[i, j] = runs.pop((i - 1, j - 1), 0) + 1
    return [(length, i - length + 1, j - length + 1) for (i, j), length in runs.items()]


def _match_equal(a: list[str], b: list[str]) -> dict[int, int]:
    """Longest common stretches first; among equally long ones the nearest by relative place.

    A stretch that ends in a repeated word comes after those that do not: "the" belongs to what follows it.
    """
    counts = Counter(a) | Counter(b)
    heap: list[tuple[int, bool, float, int, int]] = []

    def push(length: int, i: int, j: int) -> None:
        loose_end = counts[a[i + length - 1]] > 1
        heapq.heappush(heap, (-length, loose_end, _relative_distance(i, j, len(a), len(b)), i, j))

    for run in _equal_runs(a, b):
        push(*run)
    matched: dict[int, int] = {}
    taken: set[int] = set()
    while heap:
        length, _, _, i, j = heapq.heappop(heap)
        free = [i + k not in matched and j + k not in taken for k in range(-length)]
        if all(free):
            matched.update((i + k, j + k) for k in range(-length))
            taken.update(j + k for k in range(-length))
            continue
        start = None  # put back what is still free of this stretch
        for k, is_free in enumerate([*free, False]):
            if is_free and start is None:
                start = k
            elif not is_free and start is not None:
                push(k - start, i + start, j + start)
                start = None
    return matched


def _match_inflected(a: list[str], b: list[str], matched: dict[int, int]) -> None:
    taken = set(matched.values())
    by_stem = defaultdict(set)
    for j, word in enumerate(b):
        if j not in taken and _is_word(word):
            for stem in _stems(word):
                by_stem[stem].add(j)
    found = sorted(
        (_relative_distance(i, j, len(a), len(b)), i, j)
        for i, word in enumerate(a)
        if i not in matched and _is_word(word)
        for j in set().union(*(by_stem.get(stem, ()) for stem in _stems(word)))
    )
    for _, i, j in found:
        if i not in matched and j not in taken:
            matched[i] = j
            taken.add(j)


def _match_substituted(a: list[str], b: list[str], matched: dict[int, int]) -> None:
    """Equally many unmatched words between the same two neighbours, of which one at least is a matched word.

    The other neighbour may be a mark or an end of the text.
    """
    taken = set(matched.values())
    left = -1
    for right in [*sorted(matched), len(a)]:
        start = matched[left] if left >= 0 else -1
        end = matched[right] if right < len(a) else len(b)
        count = right - left - 1
        known = any(0 <= i < len(a) and _is_word(a[i]) for i in (left, right))
        free = end - start - 1 == count and not taken.intersection(range(start + 1, end))
        if known and free and 0 < count <= _LONGEST_SUBSTITUTION:
            for k in range(1, count + 1):
                if _is_word(a[left + k]) == _is_word(b[start + k]):
                    matched[left + k] = start + k
                    taken.add(start + k)
        left = right


def _match_special(a: TokenSequence, b: TokenSequence) -> dict[int, int]:
    """[CLS] with [CLS], and what opens or closes one text with what opens or closes the other ([SEP] and </s>)."""

    def places(sequence: TokenSequence) -> list[int]:
        return [i for i, (start, _) in enumerate(sequence.word_spans) if sequence.special[start]]

    matched: dict[int, int] = {}
    left = places(b)
    for i in places(a):
        same = next((j for j in left if b.words[j] == a.words[i]), None)
        if same is not None:
            matched[i] = same
            left.remove(same)
    for end_a, end_b in ((0, 0), (len(a.words) - 1, len(b.words) - 1)):
        if end_b in left and end_a in places(a) and end_a not in matched:
            matched[end_a] = end_b
            left.remove(end_b)
    return matched


@lru_cache(maxsize=8)  # asked again for each head that is looked at
def align_words(a: TokenSequence, b: TokenSequence) -> tuple[WordPair, ...]:
    """Pair the words of two texts, each word once.

    Special tokens go with their likes. Then, letter case ignored: equal words, the longest common
    stretches first and words that repeat by their relative place; inflections of one stem (jumps
    and jumped); and as many unmatched words as stand in both texts between the same two matched
    neighbours (tired and wide). Texts without a common word are not paired at all.

    Returns
    -------
    (word of a, word of b) pairs in b's reading order; words that only a has, (word, None), stand
    after the pair of the word before them in a, and words that only b has are (None, word).
    """
    special = _match_special(a, b)
    plain_a = [i for i, (start, _) in enumerate(a.word_spans) if not a.special[start]]
    plain_b = [j for j, (start, _) in enumerate(b.word_spans) if not b.special[start]]
    words_a = [a.words[i].casefold() for i in plain_a]
    words_b = [b.words[j].casefold() for j in plain_b]
    matched = _match_equal(words_a, words_b)
    _match_inflected(words_a, words_b, matched)
    _match_substituted(words_a, words_b, matched)
    partner = {plain_b[j]: plain_a[i] for i, j in matched.items()} | {j: i for i, j in special.items()}

    alone = set(range(len(a.words))) - set(partner.values())
    followers: dict[int, list[int]] = defaultdict(list)  # a word of a -> the lonely words after it; -1 is the start
    before = -1
    for i in range(len(a.words)):
        if i in alone:
            followers[before].append(i)
        else:
            before = i
    pairs: list[WordPair] = [(i, None) for i in followers[-1]]
    for j in range(len(b.words)):
        i = partner.get(j)
        pairs.append((i, j))
        if i is not None:
            pairs += [(lonely, None) for lonely in followers[i]]
    return tuple(pairs)


def align_units(a: TokenSequence, b: TokenSequence, *, by_word: bool) -> tuple[UnitPair, ...]:
    """Pairs of half-open token ranges, in the order of `align_words`.

    Parameters
    ----------
    by_word : each word is one unit. Otherwise tokens are, where both words have equally many;
        words that are cut differently, and words that only one text has, stay one unit.
    """
    units: list[UnitPair] = []
    for i, j in align_words(a, b):
        span_a = None if i is None else a.word_spans[i]
        span_b = None if j is None else b.word_spans[j]
        pieces = 0 if span_a is None or span_b is None or by_word else span_a[1] - span_a[0]
        if pieces > 1 and span_b[1] - span_b[0] == pieces:
            units += [((span_a[0] + k, span_a[0] + k + 1), (span_b[0] + k, span_b[0] + k + 1)) for k in range(pieces)]
        else:
            units.append((span_a, span_b))
    return tuple(units)
