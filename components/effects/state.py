"""What the Variants page remembers: the names of its inputs, their choices, and how a link says them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from components.links import LinkField, one_of, whole_number, whole_numbers, write_numbers
from components.tracks.choices import RowChoices

VIEW, VARIANT, TOOL, TRACKS, TRACK = "var_view", "var_variant", "var_tool", "var_tracks", "var_track"
SPECIES, STRANDS, SHIFTS_ON, SPAN, ROWS = "var_species", "var_rc", "var_shifts", "var_span", "var_rows"
RANK, SAMPLE, TRUTH, AT = "var_rank", "var_sample", "var_truth", "var_at"

VIEWS = {"one": "One variant", "many": "Many variants", "works": "Does it work?"}
TOOLS = {"scores": "Scores", "why": "Why", "people": "Haplotypes"}
HEADS = ("human", "mouse")
SHIFTS = (-3, -2, -1, 1, 2, 3)  # bp, as the paper's evaluation does
MAX_SHOWN = 8
MAX_TYPED = 400
FIRST_SHOWN = 3


def _typed(text: str) -> str:
    if len(text) > MAX_TYPED or not text.isprintable():
        raise ValueError("This link holds a variant that is too long to be typed; upload a VCF file instead.")
    return text


def _sample(text: str) -> str:
    if len(text) > 120 or not text.isprintable():
        raise ValueError("This link asks for a sample whose name cannot be read; choose one here.")
    return text


def _span(text: str) -> tuple[int, int]:
    """(start, end), 0-based and half-open, of "35082743-35197430"."""
    found = re.fullmatch(r"([1-9]\d{0,10})-([1-9]\d{0,10})", text, re.ASCII)
    if not found or int(found[1]) > int(found[2]):
        raise ValueError(
            f"This link asks for the span {text[:40]!r}; give its first and its last position, such as "
            f"{SPAN}=1001-2000."
        )
    return int(found[1]) - 1, int(found[2])


def _tracks(text: str) -> list[int]:
    return list(dict.fromkeys(whole_numbers("tracks", most=MAX_SHOWN)(text)))


def _switch(key: str, default: bool) -> LinkField:
    return LinkField(
        key, default, lambda text: one_of(key, ("0", "1"))(text) == "1", lambda on: "1" if on else "0"
    )  # fmt: skip


def link_fields(models: Sequence[str], genomes: Sequence[str], model: str, genome: str) -> tuple[LinkField, ...]:
    """Everything that a link of the Variants page can say; `model` and `genome` are the defaults."""
    from components.effects.words import RANKS

    return (
        LinkField("dna", model, one_of("dna", tuple(models))),
        LinkField("genome", genome, one_of("genome", tuple(genomes))),
        LinkField(VIEW, "one", one_of("view", tuple(VIEWS))),
        LinkField(VARIANT, "", _typed),
        LinkField(TOOL, "scores", one_of("part", tuple(TOOLS))),
        LinkField(SPECIES, HEADS[0], one_of("species", HEADS)),
        LinkField(TRACKS, [], _tracks, write_numbers),
        LinkField(TRACK, None, whole_number("track"), str),
        LinkField(AT, None, _sample),
        LinkField(RANK, next(iter(RANKS)), one_of("score", tuple(RANKS))),
        LinkField(SPAN, None, _span, lambda view: f"{view[0] + 1}-{view[1]}"),
        LinkField(ROWS, RowChoices(), RowChoices.read, RowChoices.write),
        LinkField(SAMPLE, None, _sample),
        _switch(STRANDS, False),
        _switch(SHIFTS_ON, False),
        _switch(TRUTH, True),
    )
