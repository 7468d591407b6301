"""`RowChoices`: what a person made of the rows of the browser: their order, heights, scales, and which are away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from components.browser.letter_rows import LogoRow
from components.browser.scene import HEIGHTS, Row, RowChoice, SignalRow

MAX_ROWS = 48
_ENTRY = re.compile(r"(?P<away>!?)(?P<id>[A-Za-z0-9:._-]{1,120}?)(?:~(?P<marks>[smlgnopv]{1,3}))?")
_HEIGHT = dict(zip("sml", HEIGHTS, strict=True))
_LOG = {"g": True, "n": False}
_SCALING = {"o": "own", "p": "group", "v": "seen"}
AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class RowChoices:
    """What a person made of the rows; "" of a link is `RowChoices()`: all as the page has it.

    Attributes
    ----------
    rows : of each row that was in sight when something was last changed, in its order.
    away : ids of rows that were taken away, of those that the page has by itself.
    """

    rows: tuple[RowChoice, ...] = ()
    away: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def read(cls, text: str) -> RowChoices:
        """From a link: entries such as "genes~s", joined by "*"; "!" is before what is away.

        Raises
        ------
        ValueError
            It is none; the message is a sentence.
        """
        rows: list[RowChoice] = []
        away = []
        for entry in filter(None, text.split("*")):
            match = _ENTRY.fullmatch(entry)
            if not match or len(rows) + len(away) >= MAX_ROWS or match["id"] in {row.id for row in rows}:
                raise ValueError(
                    f"This link asks for the rows {text[:60]!r}, which cannot be read; the rows are in their own order."
                )
            if match["away"]:
                away.append(match["id"])
                continue
            marks = match["marks"] or ""
            rows.append(
                RowChoice(
                    match["id"],
                    next((_HEIGHT[mark] for mark in marks if mark in _HEIGHT), None),
                    next((_LOG[mark] for mark in marks if mark in _LOG), None),
                    next((_SCALING[mark] for mark in marks if mark in _SCALING), None),
                )
            )
        return cls(tuple(rows), frozenset(away))

    def write(self) -> str:
        """The reverse of `read`."""
        back = [{value: mark for mark, value in marks.items()} for marks in (_HEIGHT, _LOG, _SCALING)]
        entries = []
        for row in self.rows:
            values = (row.height, row.log, row.scaling)
            marks = "".join(mark[value] for mark, value in zip(back, values, strict=True) if value is not None)
            entries.append(f"{row.id}~{marks}" if marks else row.id)
        return "*".join(entries + [f"!{name}" for name in sorted(self.away)])

    def heard(self, said: Sequence[RowChoice], shown: Sequence[str]) -> tuple[RowChoices, tuple[str, ...]]:
        """(choices, ids that were taken away) after the browser said how its rows are now.

        Parameters
        ----------
        shown : ids of the rows that the browser had.
        """
        before = {row.id: row for row in self.rows}
        known = set(shown)
        rows = []
        for now in said:
            if now.id not in known:
                continue
            old = before.get(now.id, RowChoice(now.id))
            rows.append(
                RowChoice(
                    now.id,
                    old.height if now.height is None else now.height,
                    old.log if now.log is None else now.log,
                    old.scaling if now.scaling is None else now.scaling,
                )
            )
        here = {row.id for row in rows}
        gone = tuple(name for name in shown if name not in here)
        return RowChoices(tuple(rows[:MAX_ROWS]), frozenset(self.away | set(gone)) - here), gone

    def without(self, **parts: bool) -> RowChoices:
        """Forget each row's `log` or `scaling`, because the page's own choice of all rows was changed."""
        blank = {name: None for name, forget in parts.items() if forget}
        return replace(self, rows=tuple(replace(row, **blank) for row in self.rows))

    def apply(self, rows: Sequence[AnyRow]) -> tuple[AnyRow, ...]:
        """The rows in their order and look, without those that are away.

        A row that the person never saw comes behind the one that precedes it here.
        """
        chosen = {row.id: row for row in self.rows}
        places = {row.id: float(place) for place, row in enumerate(self.rows)}
        order: list[tuple[float, int, AnyRow]] = []
        latest = -1.0
        for number, row in enumerate(rows):
            latest = places.get(row.id, latest)
            if row.id not in self.away:
                order.append((latest, number, _looking(row, chosen.get(row.id))))
        # A row without a choice has the place of the one before it, and a later number.
        return tuple(row for _, _, row in sorted(order, key=lambda entry: entry[:2]))


def _looking(row: AnyRow, choice: RowChoice | None) -> AnyRow:
    if choice is None:
        return row
    more: dict[str, object] = {} if choice.height is None else {"height": choice.height}
    if isinstance(row, SignalRow) and choice.log is not None and row.log_possible:
        more["log"] = choice.log
    if isinstance(row, SignalRow | LogoRow) and choice.scaling is not None:
        more["scaling"] = choice.scaling
    return replace(row, **more) if more else row
