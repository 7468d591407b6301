"""What the contributions page remembers: the names of its inputs, their choices, and how a link says them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from components.links import LinkField, one_of, whole_numbers, write_numbers
from components.tracks.choices import RowChoices
from components.tracks.state import HEADS, SHIFTS

HEAD, TRACKS, LESS, ALSO, BINS = "ctb_head", "ctb_tracks", "ctb_less", "ctb_also", "ctb_bins"
METHODS, MUTATE, BLOCKS, BOTH_STRANDS, SHIFTED = "ctb_methods", "ctb_mutate", "ctb_blocks", "ctb_rc", "ctb_shifts"
WINDOW, SPAN, ROWS, STRAND, TRUTH, MOTIFS = "ctb_at", "ctb_span", "ctb_rows", "ctb_strand", "ctb_truth", "ctb_motifs"
PANEL = "ctb_panel"
PANELS = {"motifs": "Motifs", "enhancers": "Enhancers of a gene", "attention": "Attention against contributions"}
STRANDS = {"+": "Forward strand", "-": "Reverse strand"}
BIN_COUNTS = ("1", "3", "5", "9")
# Short names of methods, for links.
SHORT = {"gxi": "gradient_x_input", "ig": "integrated_gradients", "eg": "expected_gradients"}
MAX_TRACKS = 12
MAX_ALSO = 4

__all__ = ["HEADS", "SHIFTS"]


def _methods(text: str) -> list[str]:
    names = text.split("-")
    if not set(names) <= set(SHORT):
        raise ValueError(
            f"This link asks for the methods {text[:40]!r}, which are not here; choose among {', '.join(SHORT)}."
        )
    return list(dict.fromkeys(names))


def _stretch(what: str):
    def parse(text: str) -> tuple[int, int]:
        found = re.fullmatch(r"([1-9]\d{0,10})-([1-9]\d{0,10})", text, re.ASCII)
        if not found or int(found[1]) > int(found[2]):
            raise ValueError(
                f"This link asks for {what}={text[:40]!r}; give the first and the last position, such as "
                f"{what}=1001-1200."
            )
        return int(found[1]) - 1, int(found[2])

    return parse


def _window(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,11}", text, re.ASCII):
        raise ValueError(
            f"This link asks for a window that begins at {text[:30]!r}; give a position such as {WINDOW}=12801."
        )
    return int(text) - 1


def _write_stretch(stretch: tuple[int, int]) -> str:
    return f"{stretch[0] + 1}-{stretch[1]}"


def _tracks(what: str, most: int):
    return lambda text: list(dict.fromkeys(whole_numbers(what, most=most)(text)))


def _switch(key: str, default: bool = False) -> LinkField:
    return LinkField(
        key, default, lambda text: one_of(key, ("0", "1"))(text) == "1", lambda on: "1" if on else "0"
    )  # fmt: skip


def link_fields() -> tuple[LinkField, ...]:
    """Everything that a link of the page says beside model, genome and place, which it shares with other pages."""
    return (
        LinkField(HEAD, HEADS[0], one_of(HEAD, HEADS)),
        LinkField(TRACKS, [], _tracks(TRACKS, MAX_TRACKS), write_numbers),
        LinkField(LESS, [], _tracks(LESS, MAX_TRACKS), write_numbers),
        LinkField(ALSO, [], _tracks(ALSO, MAX_ALSO), write_numbers),
        LinkField(BINS, "3", one_of(BINS, BIN_COUNTS)),
        LinkField(WINDOW, None, _window, lambda start: str(start + 1)),
        LinkField(METHODS, ["gxi"], _methods, "-".join),
        LinkField(MUTATE, None, _stretch(MUTATE), _write_stretch),
        LinkField(BLOCKS, None, _stretch(BLOCKS), _write_stretch),
        LinkField(SPAN, None, _stretch(SPAN), _write_stretch),
        LinkField(ROWS, RowChoices(), RowChoices.read, RowChoices.write),
        LinkField(STRAND, "+", one_of(STRAND, tuple(STRANDS))),
        _switch(BOTH_STRANDS),
        _switch(SHIFTED),
        _switch(TRUTH, True),
        _switch(MOTIFS, True),
        LinkField(PANEL, None, one_of(PANEL, tuple(PANELS))),
    )


def shared_fields(models: Sequence[str], genomes: Sequence[str], model: str, genome: str) -> tuple[LinkField, ...]:
    """Model, genome and place, by the names of the tracks page."""
    from components.tracks.state import link_fields as tracks_fields

    return tuple(f for f in tracks_fields(models, genomes, model, genome) if f.key in ("dna", "genome", "locus"))


def asked_methods() -> tuple[str, ...]:
    """Methods of `core.attribution` whose rows are wanted, gradient x input first; never none."""
    wanted = st.session_state.get(METHODS) or []
    found = tuple(SHORT[name] for name in SHORT if name in wanted)
    return found or (SHORT["gxi"],)
