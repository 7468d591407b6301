"""The bounded, shared store."""

from __future__ import annotations

import threading

import pytest

from core.shelf import Shelf


def test_the_least_recently_used_goes_first_and_before_the_next_is_made():
    alive = []
    shelf: Shelf[str] = Shelf(max_count=2)

    def make(name):
        alive.append(shelf.keys())
        return name

    for name in ["a", "b"]:
        shelf.get(name, lambda name=name: make(name))
    shelf.get("a", lambda: pytest.fail("it is there"))
    shelf.get("c", lambda: make("c"))
    assert alive == [(), ("a",), ("a",)]  # "b" was let go before "c" was made
    assert shelf.keys() == ("a", "c")


def test_bytes_are_bounded_and_one_large_value_is_kept():
    shelf: Shelf[bytes] = Shelf(max_count=9, max_bytes=10, size=len)
    shelf.get("a", lambda: bytes(6))
    shelf.get("b", lambda: bytes(6))
    assert shelf.keys() == ("b",)
    shelf.get("c", lambda: bytes(50))
    assert shelf.keys() == ("c",)


def test_short_memory_lets_go_of_as_much_as_is_needed():
    shelf: Shelf[int] = Shelf(max_count=9, is_memory_short=lambda needed: needed > 10 and len(shelf.keys()) > 1)
    for name in (1, 2, 3):
        shelf.get(name, lambda: 0)
    shelf.get(4, lambda: 0, needed_bytes=10)
    assert shelf.keys() == (1, 2, 3, 4)
    shelf.get(5, lambda: 0, needed_bytes=11)
    assert shelf.keys() == (4, 5)


def test_single_flight():
    shelf: Shelf[int] = Shelf(max_count=2)
    made, begun, go = [], threading.Event(), threading.Event()

    def make():
        made.append(1)
        begun.set()
        assert go.wait(10)
        return 7

    found = []
    first = threading.Thread(target=lambda: found.append(shelf.get("k", make)))
    first.start()
    assert begun.wait(10)
    waited = threading.Event()
    second = threading.Thread(target=lambda: found.append(shelf.get("k", make, on_wait=waited.set)))
    second.start()
    assert waited.wait(10)
    assert shelf.get("other", lambda: 8) == 8  # other questions do not wait
    go.set()
    first.join(10)
    second.join(10)
    assert found == [7, 7]
    assert made == [1]


def test_a_failure_leaves_nothing_behind():
    shelf: Shelf[int] = Shelf(max_count=2)
    with pytest.raises(ZeroDivisionError):
        shelf.get("k", lambda: 1 // 0)
    assert shelf.keys() == ()
    assert shelf.get("k", lambda: 5) == 5


def test_a_waiter_may_leave():
    shelf: Shelf[int] = Shelf(max_count=2)
    begun, go = threading.Event(), threading.Event()

    def make():
        begun.set()
        go.wait(10)
        return 1

    thread = threading.Thread(target=lambda: shelf.get("k", make))
    thread.start()
    assert begun.wait(10)

    def leave():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shelf.get("k", make, on_wait=leave)
    go.set()
    thread.join(10)
    assert shelf.keys() == ("k",)
