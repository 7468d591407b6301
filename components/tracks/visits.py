"""`Visits`: where a person was, for back and forward."""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_VISITS = 50


@dataclass(frozen=True)
class Visit:
    """A place that was asked for, and what of it was seen last.

    Attributes
    ----------
    locus : as typed.
    view : (start, end), 0-based and half-open; None before it was seen.
    """

    locus: str
    view: tuple[int, int] | None = None


@dataclass(frozen=True)
class Visits:
    """Places in the order in which they were asked for, and which of them is shown."""

    places: tuple[Visit, ...] = ()
    at: int = -1

    @property
    def now(self) -> Visit | None:
        """What is shown."""
        return self.places[self.at] if self.places else None

    @property
    def can_go_back(self) -> bool:
        return self.at > 0

    @property
    def can_go_forward(self) -> bool:
        return self.at < len(self.places) - 1

    def go(self, locus: str, view: tuple[int, int] | None = None) -> Visits:
        """Somewhere else; what was forward of here is forgotten, as in any browser. The same place again is no visit.

        The oldest are forgotten where there are too many.
        """
        if self.now is not None and self.now.locus == locus:
            return self if view is None else self.see(view)
        places = (*self.places[: self.at + 1], Visit(locus, view))[-MAX_VISITS:]
        return Visits(places, len(places) - 1)

    def see(self, view: tuple[int, int]) -> Visits:
        """Remember what is seen here, to come back to."""
        if self.now is None or self.now.view == view:
            return self
        places = list(self.places)
        places[self.at] = replace(places[self.at], view=view)
        return Visits(tuple(places), self.at)

    def step(self, by: int) -> Visits:
        """So many places on, or back for a negative number; stops at either end."""
        return Visits(self.places, min(max(0, self.at + by), len(self.places) - 1)) if self.places else self
