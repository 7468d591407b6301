"""What the tracks page remembers: the names of its inputs, their choices, and how a link says them."""

from __future__ import annotations

from collections.abc import Sequence

from components.links import LinkField, one_of, whole_numbers, write_numbers

HEADS = ("human", "mouse")
SCALES = {"own": "Own scale", "assay": "One per assay"}
CAGE_SCALES = {"log": "log10(1 + x)", "linear": "Linear"}
SHIFTS = (-3, -2, -1, 1, 2, 3)  # bp, as the paper's evaluation does


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
        switch("rc"),
        switch("shifts"),
        LinkField("truth", True, lambda text: one_of("truth", ("0", "1"))(text) == "1", lambda on: "1" if on else "0"),
        LinkField("heights", "own", one_of("heights", tuple(SCALES))),
        LinkField("cage", "log", one_of("cage", tuple(CAGE_SCALES))),
    )
