"""Search in short descriptions by words, parts of words and numbers."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, TypeVar

Item = TypeVar("Item")

MAX_TEXT = 200
_BREAK = re.compile(r"[\s:;,/()|]+")
_PART = re.compile(r"[^\W_]+")
# Other names of the same thing; HGNC symbols and spellings. A word also keeps its own meaning.
SYNONYMS = {
    "atacseq": "atac",
    "chipseq": "chip",
    "cageseq": "cage",
    "dnaseseq": "dnase",
    "dhs": "dnase",
    "pol2": "polr2a",
    "polii": "polr2a",
    "rnapii": "polr2a",
    "h2az": "h2afz",
    "nrsf": "rest",
    "oct4": "pou5f1",
    "pu1": "spi1",
    "cmyc": "myc",
    "leukaemia": "leukemia",
    "oesophagus": "esophagus",
    "haematopoietic": "hematopoietic",
}


@dataclass(frozen=True, eq=False)
class Found(Generic[Item]):
    """What a search found, best first.

    Attributes
    ----------
    items : the hits, possibly only the first of them.
    total : how many there are in all.
    unknown : words of the search that occur nowhere.
    nearest : words that look like the unknown ones.
    filtered : hits that a filter took away.
    """

    items: tuple[Item, ...]
    total: int
    unknown: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    filtered: int = 0

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __getitem__(self, position: int) -> Item:
        return self.items[position]

    @property
    def note(self) -> str:
        """A sentence for when nothing was found, else ""."""
        if self.total:
            return ""
        if self.filtered:
            return f"The filter hides all of the {self.filtered:,} tracks with these words; widen it."
        if not self.unknown:
            return "No track has all of these words; leave one out."
        words = " and ".join(f'"{word}"' for word in self.unknown)
        if not self.nearest:
            return f"No track has {words}; try another word, such as K562, H3K27ac or liver."
        return f"No track has {words}; did you mean {', '.join(self.nearest)}?"

    def only(self, keep: Callable[[Item], bool]) -> Found[Item]:
        """The hits that pass."""
        items = tuple(filter(keep, self.items))
        return replace(self, items=items, total=len(items), filtered=self.total - len(items))

    def first(self, limit: int | None) -> Found[Item]:
        """The best hits."""
        return self if limit is None else replace(self, items=self.items[: max(limit, 0)])


def split_words(text: str) -> list[str]:
    """Words of a search: lower case, letters and digits only; "CD14+ MCF-7" is cd14, mcf7."""
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT]).casefold()
    return [word for word in ("".join(_PART.findall(token)) for token in _BREAK.split(text)) if word]


class TrackIndex(Generic[Item]):
    """Items by the words of their texts, made once and asked often; for several threads.

    Parameters
    ----------
    entries : (item, its texts, its number), in the order in which equally good hits are wanted.
    """

    def __init__(self, entries: Iterable[tuple[Item, tuple[str, ...], int]]) -> None:
        self._items: list[Item] = []
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}
        for item, texts, number in entries:
            self._numbers[str(number)] = len(self._items)
            self._items.append(item)
            self._texts.append(f" {' '.join(_indexed(' '.join(texts)))} ")

    def search(self, text: str) -> Found[Item]:
        """Items in which every word of the text occurs; see `TrackTable.search` for the order."""
        words = split_words(text)
        ranks = dict.fromkeys(range(len(self._items)), 0)
        for word in words:
            ranks = self._matches(word, ranks)
            if not ranks:
                return self._nothing(words)
        order = sorted(sorted(ranks), key=ranks.__getitem__)
        return Found(tuple(self._items[position] for position in order), len(order))

    def _matches(self, word: str, ranks: dict[int, int]) -> dict[int, int]:
        """Of these positions, those that have the word; 0, 1 or 2 is added for a whole word, a beginning, a part."""
        texts, names = self._texts, {word, SYNONYMS.get(word, word)}
        found: dict[int, int] = {}
        for name in names:
            whole, beginning = f" {name} ", f" {name}"
            for position in [position for position in ranks if name in texts[position]]:
                text = texts[position]
                rank = ranks[position] + (0 if whole in text else 1 if beginning in text else 2)
                found[position] = min(rank, found.get(position, rank))
        numbered = self._numbers.get(word)
        if numbered in ranks:
            found[numbered] = ranks[numbered] - 1  # a number as the index itself is meant above all
        return found

    def _nothing(self, words: list[str]) -> Found[Item]:
        everything = dict.fromkeys(range(len(self._items)), 0)
        unknown = tuple(dict.fromkeys(word for word in words if not self._matches(word, everything)))
        nearest = (near for word in unknown for near in difflib.get_close_matches(word, self._vocabulary, 3, 0.7))
        return Found((), 0, unknown, tuple(dict.fromkeys(nearest))[:5])

    @cached_property
    def _vocabulary(self) -> list[str]:
        return sorted({word for text in self._texts for word in text.split() if not word.isdigit()})


def _indexed(text: str) -> list[str]:
    """Words of a description: each token without its punctuation, and the parts between its punctuation."""
    words: dict[str, None] = {}
    for token in _BREAK.split(unicodedata.normalize("NFKC", text).casefold()):
        parts = _PART.findall(token)
        words |= dict.fromkeys(["".join(parts), *parts])
    return [word for word in words if word]
