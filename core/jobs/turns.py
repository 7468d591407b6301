"""Fair turns on one device: a person who waits for an answer first, then batch work shared between owners."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

POLL_SECONDS = 0.1
OWNERS_REMEMBERED = 256


@dataclass(eq=False)
class _Ticket:
    owner: str
    interactive: bool


class DeviceQueue:
    """A fair lock for one device ("cpu", "cuda:0", "network").

    Interactive requests go before any waiting batch piece, first come first served. Batch turns go round-robin by
    owner, and first come first served for one owner. A holder is never interrupted, so batch work that takes one
    turn a piece lets an interactive request in before its next piece. Not re-entrant.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._changed = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._holder: _Ticket | None = None
        self._last_turns: dict[str, None] = {}

    @contextmanager
    def turn(self, *, owner: str, interactive: bool, on_wait: Callable[[int], None] | None = None) -> Iterator[None]:
        """Wait for the device, hold it for the `with` block, give it back whatever happens.

        Parameters
        ----------
        owner
            Who shares batch turns; the same text for all work of one person or session.
        interactive
            True when a person waits for this answer now.
        on_wait
            Called from the waiting thread, at once and then about every 0.1 s, with the number of turns before
            this one (1 or more; the one that runs now counts). If it raises, the request is withdrawn and the
            exception goes on to the caller.
        """
        ticket = _Ticket(owner, interactive)
        with self._changed:
            self._waiting.append(ticket)
        try:
            self._wait(ticket, on_wait)
            yield
        finally:
            with self._changed:
                if self._holder is ticket:
                    self._holder = None
                else:
                    self._waiting.remove(ticket)
                self._changed.notify_all()

    def fair_order(self, owners: Sequence[str]) -> list[int]:
        """Indices of `owners` in the order of their next batch turns: round-robin, least recently served first.

        The same owner may appear several times; those turns keep their order.
        """
        with self._changed:
            return self._fair_order(owners)

    def holder(self) -> str | None:
        """The owner that holds the device now, None when it is free."""
        with self._changed:
            return self._holder.owner if self._holder else None

    def waiting(self) -> tuple[str, ...]:
        """The owners that wait, one entry a request, in the order of their turns."""
        with self._changed:
            return tuple(ticket.owner for ticket in self._order())

    def position(self, owner: str) -> int | None:
        """Turns before this owner's next one: 0 when it holds the device, None when it asks for nothing."""
        with self._changed:
            owners = [ticket.owner for ticket in self._order()]
            if self._holder and self._holder.owner == owner:
                return 0
            return owners.index(owner) + bool(self._holder) if owner in owners else None

    def _wait(self, ticket: _Ticket, on_wait: Callable[[int], None] | None) -> None:
        patience = POLL_SECONDS if on_wait else None
        while True:
            with self._changed:
                if self._taken(ticket):
                    return
                ahead = self._order().index(ticket) + bool(self._holder)
            if on_wait:
                on_wait(ahead)
            with self._changed:
                if self._taken(ticket):
                    return
                self._changed.wait(patience)

    def _taken(self, ticket: _Ticket) -> bool:
        if self._holder is not None or self._order()[0] is not ticket:
            return False
        self._waiting.remove(ticket)
        self._holder = ticket
        if not ticket.interactive:
            self._last_turns.pop(ticket.owner, None)
            self._last_turns[ticket.owner] = None
            if len(self._last_turns) > OWNERS_REMEMBERED:
                del self._last_turns[next(iter(self._last_turns))]
        return True

    def _order(self) -> list[_Ticket]:
        interactive = [ticket for ticket in self._waiting if ticket.interactive]
        batch = [ticket for ticket in self._waiting if not ticket.interactive]
        return interactive + [batch[index] for index in self._fair_order([ticket.owner for ticket in batch])]

    def _fair_order(self, owners: Sequence[str]) -> list[int]:
        last_turn = {owner: when for when, owner in enumerate(self._last_turns)}
        first_seen: dict[str, int] = {}
        rounds: dict[str, int] = {}
        keys = []
        for index, owner in enumerate(owners):
            rounds[owner] = rounds.get(owner, 0) + 1
            keys.append((rounds[owner], last_turn.get(owner, -1), first_seen.setdefault(owner, index)))
        return sorted(range(len(keys)), key=keys.__getitem__)
