"""A made-up scene of rows that go letter by letter, for tests and benchmarks: nothing in it is a measurement."""

from __future__ import annotations

from functools import cache

import numpy as np

from components.browser import (
    GeneMark,
    GeneRow,
    LetterRow,
    LogoRow,
    MotifMark,
    MotifRow,
    MutationRow,
    Piece,
    Place,
    Row,
    Scene,
    SignalRow,
    Window,
)

CONTIG, CONTIG_BP = "chr11", 3_000_000
FIRST_BP, LENGTH = 1_000_000, 196_608
METHODS = ("Gradient × input", "Integrated gradients", "Saturation mutagenesis")
NAMES = ("GATA1", "CTCF", "SP1", "KLF4", "NRF1")
MUTATED = (FIRST_BP + 98_000, FIRST_BP + 98_400)


@cache
def letters() -> str:
    return "".join(np.random.default_rng(1).choice(list("ACGT"), LENGTH))


@cache
def contributions(seed: int = 0) -> np.ndarray:
    """(196608,) float32: a weak ground and stronger stretches of ten letters or so, more around the middle."""
    random = np.random.default_rng(seed)
    values = random.normal(scale=0.004, size=LENGTH)
    places = np.concatenate((random.integers(0, LENGTH, 60), LENGTH // 2 + random.normal(scale=300, size=20)))
    for place in places.astype(int):
        wide = int(random.integers(6, 16))
        part = slice(max(place, 0), place + wide)
        values[part] += random.choice((1, 1, 1, -0.6)) * random.gamma(2, 0.06) * random.random(len(values[part]))
    return values.astype(np.float32)


@cache
def effects() -> np.ndarray:
    """(letters, 4) float32 of `MUTATED`; its last quarter is not computed."""
    start, end = (bp - FIRST_BP for bp in MUTATED)
    random = np.random.default_rng(5)
    values = -np.abs(contributions()[start:end, None]) * random.random((end - start, 4)) * 4
    values += random.normal(scale=0.01, size=values.shape)
    there = ["ACGT".index(letter) for letter in letters()[start:end]]
    values[np.arange(end - start), there] = 0
    values[(end - start) * 3 // 4 :] = np.nan
    values[20, there[20] - 1] = np.nan
    return values.astype(np.float32)


def logo(number: int, **options) -> LogoRow:
    given = {
        "id": f"logo:{number}", "title": METHODS[number % 3],
        "note": "CAGE, K562", "about": "Made up for tests.", "start_bp": FIRST_BP, "letters": letters(),
        "values": contributions(number), "unit": "CAGE signal (mean per bin)", "group": "contributions",
    }  # fmt: skip
    return LogoRow(**given | options)


def mutations() -> MutationRow:
    start, end = (bp - FIRST_BP for bp in MUTATED)
    return MutationRow(
        id="mutations", title="Effect of every letter", start_bp=MUTATED[0], letters=letters()[start:end],
        values=effects(), unit="CAGE signal (mean per bin)",
    )  # fmt: skip


@cache
def matrix(number: int) -> np.ndarray:
    random = np.random.default_rng(number + 40)
    share = random.dirichlet((0.25,) * 4, size=(9, 12, 10, 11, 14)[number])
    return (share * (2 + (share * np.log2(share + 1e-9)).sum(1, keepdims=True))).astype(np.float32)


def motifs() -> MotifRow:
    random = np.random.default_rng(6)
    found = []
    places = np.concatenate((random.integers(0, LENGTH - 20, 60), LENGTH // 2 + random.integers(-400, 400, 30)))
    for i, place in enumerate(places):
        number = i % len(NAMES)
        start = FIRST_BP + int(place)
        found.append(
            MotifMark(
                NAMES[number], start, start + len(matrix(number)), "+-"[i % 2], matrix(number),
                strength=0.4 + 0.6 * random.random(), about=f"{NAMES[number]}: q = 0.01", pick=f"motif {i}",
            )
        )  # fmt: skip
    return MotifRow(id="motifs", title="Motifs (JASPAR)", motifs=tuple(found), about="Made up for tests.")


def letter_scene(
    count: int = 3, *, reverse: bool = False, place: Place | None = None, group: bool = False, extras: bool = True
) -> Scene:
    """`count` rows of contributions over 196,608 letters; `extras`: rows of other kinds too."""
    shared = {"scaling": "group"} if group else {}
    rows: list[Row] = [logo(n, **shared) for n in range(count)]
    if extras:
        bins = np.random.default_rng(3).gamma(0.7, 1, 896).astype(np.float32)
        gene = GeneMark("HBE1", FIRST_BP + 97_900, FIRST_BP + 99_900, "-", ((FIRST_BP + 97_900, FIRST_BP + 98_100),))
        rows = [
            LetterRow(id="letters", title="Sequence", start_bp=FIRST_BP, letters=letters(), movable=False),
            GeneRow(id="genes", title="Genes", genes=(gene,), movable=False),
            SignalRow(
                id="track", title="CAGE, K562", unit="reads (mean per bin)", assay="CAGE",
                pieces=(Piece(FIRST_BP + 40_960, 128, bins),),
            ),
            *rows,
            mutations(),
            motifs(),
        ]  # fmt: skip
    return Scene(
        place=place or Place(CONTIG, FIRST_BP, FIRST_BP + LENGTH),
        contig_bp=CONTIG_BP,
        assembly="made up",
        loaded=(FIRST_BP, FIRST_BP + LENGTH),
        rows=tuple(rows),
        windows=(Window(FIRST_BP + 40_960, FIRST_BP + 155_648, FIRST_BP, FIRST_BP + LENGTH),),
        marks=((FIRST_BP + 98_304, FIRST_BP + 98_305, "HBE1 TSS"),),
        title="Contributions of letters",
        subtitle="Made up",
        provenance="Made-up numbers from a seeded generator; no model, no experiment.",
        description="Contributions of letters, made up.",
        file_name="letters",
        reverse=reverse,
    )
