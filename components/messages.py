"""Errors and notes as a person should read them: a sentence, never a traceback."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import AttendomeError

_LOG = logging.getLogger(__name__)
APOLOGY = (
    "Something went wrong here, and it is our fault, not yours. What you typed is kept; "
    "try another model or text, or start the app again. The details are in the app's log."
)
_MARKDOWN = str.maketrans({c: "\\" + c for c in "\\`*_{}[]()<>#+-.!|~$:&"})


def plain(text: str) -> str:
    """Text that Markdown shows as it is: what a person typed is never formatted, linked or run."""
    # Addresses that stand alone become links after Markdown is read: a word joiner, which nobody sees, prevents it.
    text = re.sub(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", "\u2060", " ".join(text.split()), flags=re.IGNORECASE)
    return text.translate(_MARKDOWN)


@contextmanager
def explained_errors() -> Iterator[None]:
    """Show an `AttendomeError` as its own sentence, and log anything else behind a short apology.

    Streamlit's own control flow (stop, rerun) is not an `Exception` and passes through.
    """
    try:
        yield
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
    except Exception:
        _LOG.exception("a page failed")
        st.error(APOLOGY, icon=":material/sentiment_dissatisfied:")


def waiting_line(place: DeltaGenerator, what: str = "Waiting") -> Callable[[int], None]:
    """A function that says in `place` how many runs are ahead, once a second at most.

    Writing to the page is also what lets a newer run interrupt this wait.
    """
    written = time.monotonic()

    def show(ahead: int) -> None:
        nonlocal written
        if time.monotonic() - written < 1:
            return
        written = time.monotonic()
        runs = "" if ahead < 1 else " (1 other run ahead)" if ahead == 1 else f" ({ahead} other runs ahead)"
        place.info(f"{plain(what)} …{runs}", icon=":material/hourglass_top:")

    return show


def render_notes(notes: Iterable[str]) -> None:
    """Sentences about what was done to the text before the model saw it."""
    for note in notes:
        st.info(plain(note), icon=":material/info:")


def render_warnings(sentences: Iterable[str]) -> None:
    """Sentences about something that could not be done as asked."""
    for sentence in sentences:
        st.warning(plain(sentence), icon=":material/info:")
