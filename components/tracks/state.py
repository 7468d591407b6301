"""What the tracks page remembers: the names of its inputs, their choices, and how a link says them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from components.links import LinkField, one_of, whole_numbers, write_numbers
from components.tracks.choices import RowChoices

HEADS = ("human", "mouse")
SCALES = {"own": "Own scale", "assay": "One per assay"}
CAGE_SCALES = {"log": "log10(1 + x)", "linear": "Linear"}
SHIFTS = (-3, -2, -1, 1, 2, 3)  # bp, as the paper's evaluation does


def _pair(text: str) -> tuple[int, ...]:
    return whole_numbers("pair", count=2)(text)


def _position(text: str) -> int:
    """0-based, of a position that is counted from 1."""
    if not re.fullmatch(r"[1-9]\d{0,10}", text, re.ASCII):
        raise ValueError(f"This link asks what {text[:30]!r} attends to; give a position, such as attend=35140086.")
    return int(text) - 1


def _names(key: str):
    def parse(text: str) -> list[str]:
        names = text.split("|") if text else []
        if len(names) > 20 or not all(name and len(name) <= 200 and name.isprintable() for name in names):
            raise ValueError(f"This link asks for {key} {text[:40]!r}, which cannot be read; choose them here.")
        return list(dict.fromkeys(names))

    return parse


def _settings_files(names: Sequence[str]) -> str:
    """Those that whoever opens the link has too: a person's own are not."""
    return "|".join(name for name in names if name.startswith(("signal:", "regions:")))


def _view(text: str) -> tuple[int, int]:
    """(start, end), 0-based and half-open, of "35082743-35197430"."""
    found = re.fullmatch(r"([1-9]\d{0,10})-([1-9]\d{0,10})", text, re.ASCII)
    if not found or int(found[1]) > int(found[2]):
        raise ValueError(
            f"This link asks for the span {text[:40]!r}; give its first and its last position, such as span=1001-2000."
        )
    return int(found[1]) - 1, int(found[2])


def link_fields(models: Sequence[str], genomes: Sequence[str], model: str, genome: str) -> tuple[LinkField, ...]:
    """Everything that a link of the tracks page can say; `model` and `genome` are the defaults."""

    def switch(key: str) -> LinkField:
        return LinkField(key, False, lambda text: one_of(key, ("1",))(text) == "1", lambda on: "1" if on else "0")

    return (
        LinkField("dna", model, one_of("dna", tuple(models))),
        LinkField("genome", genome, one_of("genome", tuple(genomes))),
        LinkField("locus", ""),
        LinkField("species", HEADS[0], one_of("species", HEADS)),
        LinkField(
            "tracks", [], lambda text: list(dict.fromkeys(whole_numbers("tracks", most=12)(text))), write_numbers
        ),
        LinkField("pair", (), _pair, write_numbers),
        LinkField("span", None, _view, lambda view: f"{view[0] + 1}-{view[1]}"),
        LinkField("rows", RowChoices(), RowChoices.read, RowChoices.write),
        switch("rc"),
        switch("shifts"),
        switch("exact"),
        switch("measured"),
        switch("attention"),
        switch("letters_of"),
        LinkField("attend", None, _position, lambda position: str(position + 1)),
        switch("enhancers"),
        LinkField("states", [], _names("states"), "|".join),
        LinkField("files", [], _names("files"), _settings_files),
        LinkField("truth", True, lambda text: one_of("truth", ("0", "1"))(text) == "1", lambda on: "1" if on else "0"),
        LinkField("heights", "own", one_of("heights", tuple(SCALES))),
        LinkField("cage", "log", one_of("cage", tuple(CAGE_SCALES))),
    )
