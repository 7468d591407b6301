"""Genes by name: the one that is meant, those that may be, and those that look like it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from core.errors import UnknownGeneError

_OFFERED = 3
_ALIKE = str.maketrans("OIL", "011")  # letters that are taken for digits, and digits for letters


class GeneNames:
    """Numbers of genes by symbol and identifier; upper and lower case and the version behind ENS... do not matter.

    Parameters
    ----------
    names : symbol and identifier ("" where there is none) of each gene, in the order of their numbers.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._numbers: dict[str, list[int]] = {}
        self._symbols: dict[str, str] = {}
        for number, (symbol, identifier) in enumerate(names):
            upper = symbol.upper()
            self._symbols.setdefault(upper, symbol)
            for name in dict.fromkeys((upper, _unversioned(identifier))):
                if name:
                    self._numbers.setdefault(name, []).append(number)

    def find(self, name: str) -> list[int]:
        """Genes of exactly this symbol or identifier."""
        wanted = name.strip()
        return self._numbers.get(wanted.upper()) or self._numbers.get(_unversioned(wanted)) or []

    def search(self, text: str, limit: int) -> list[int]:
        """Genes whose symbol or identifier begins with the text, then those that have it inside; shortest first."""
        wanted = text.strip().upper()
        if not wanted:
            return []
        names = [name for name in self._numbers if wanted in name]
        names.sort(key=lambda name: (not name.startswith(wanted), len(name), name))
        found: dict[int, None] = {}
        for name in names:
            found.update(dict.fromkeys(self._numbers[name]))
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def nearest(self, name: str, count: int = _OFFERED) -> tuple[str, ...]:
        """Symbols that look like the name, the most similar first; O and 0, and I, l and 1, are alike."""
        wanted = name.strip().upper()[:40]
        mistaken = [key for key in self._symbols if key.translate(_ALIKE) == wanted.translate(_ALIKE)]
        # Two texts of such different lengths cannot be 0.6 alike, and comparing all of a genome takes long.
        near = [key for key in self._symbols if 3 * len(key) <= 7 * len(wanted) and 3 * len(wanted) <= 7 * len(key)]
        found = mistaken + difflib.get_close_matches(wanted, near, n=count, cutoff=0.6)
        return tuple(self._symbols[key] for key in dict.fromkeys(found))[:count]


def unknown_gene(name: str, where: str, near: tuple[str, ...]) -> UnknownGeneError:
    """The error for a name that no gene has.

    Parameters
    ----------
    where : "in my.gtf", "among the genes of ...".
    near : names to offer.
    """
    hint = f"type one such as {', '.join(near)}" if near else "type another symbol, or a place as chromosome:position"
    return UnknownGeneError(f"There is no gene {name.strip()[:40]!r} {where}; {hint}.", nearest=near)


def _unversioned(identifier: str) -> str:
    """ "ENSG00000026508.19" -> "ENSG00000026508"."""
    upper = identifier.upper()
    return upper.partition(".")[0] if upper.startswith("ENS") else upper
