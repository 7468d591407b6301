"""A made-up scene for tests and benchmarks of the genome browser: nothing in it is a measurement."""

from __future__ import annotations

import dataclasses

import numpy as np

from components.browser import (
    AttentionRow,
    BrowserState,
    GeneMark,
    GeneRow,
    LetterRow,
    Piece,
    Place,
    RegionMark,
    RegionRow,
    Row,
    Scene,
    SignalRow,
    Window,
)

BIN_BP, BINS = 128, 896
WINDOW_BP = BIN_BP * BINS
READ_BP = 196_608
CONTIG, CONTIG_BP = "chr11", 3_000_000
FIRST_BP = 1_000_000  # where the first window begins
ASSAYS = (("DNASE", "DNase-seq"), ("ATAC", "ATAC-seq"), ("CHIP", "H3K27ac"), ("CAGE", "CAGE"))
CELLS = ("K562", "HepG2", "GM12878")
STATES = (
    ("Promoter", (217, 56, 48)),
    ("Enhancer", (240, 180, 41)),
    ("Transcribed", (46, 139, 87)),
    ("Repressed", (128, 128, 128)),
)


def heights(window: int, row: int) -> np.ndarray:
    """(896,) float32: sharp peaks on a low ground, the same for the same window and row."""
    random = np.random.default_rng([window + 100, row])
    values = random.gamma(0.7, 0.12, BINS)
    shared = np.random.default_rng(window + 100).integers(0, BINS, 14)  # cell types share most of their peaks
    for centre in (*shared, *random.integers(0, BINS, 6)):
        wide = random.uniform(0.6, 5)
        values += random.gamma(2, 3) * np.exp(-(((np.arange(BINS) - centre) / wide) ** 2))
    return values.astype(np.float32)


def piece(window: int, row: int, *, spread: bool = False, second: bool = False) -> Piece:
    values = heights(window, row)
    ribbon = (0.08 * values + 0.05).astype(np.float32) if spread else None
    line = (values * np.random.default_rng(row).uniform(0.7, 1.2, BINS)).astype(np.float32) if second else None
    return Piece(FIRST_BP + window * WINDOW_BP, BIN_BP, values, ribbon, line)


def signal_rows(count: int, windows: range) -> list[Row]:
    rows: list[Row] = []
    for number in range(count):
        assay, name = ASSAYS[number % len(ASSAYS)]
        cell = CELLS[number // len(ASSAYS) % len(CELLS)]
        rows.append(
            SignalRow(
                id=f"track:{number}",
                title=f"{name}, {cell}",
                note="r = 0.97" if number == 1 else "",
                about=f"{name} in {cell}. Made up for tests.",
                unit="reads (mean per bin)",
                assay=assay,
                log_possible=assay == "CAGE",
                group=assay,
                pieces=tuple(piece(n, number, spread=number == 0, second=number == 1) for n in windows),
                second_name="measured" if number == 1 else "",
            )
        )
    return rows


def difference(windows: range) -> Row:
    pieces = [Piece(FIRST_BP + n * WINDOW_BP, BIN_BP, heights(n, 0) - heights(n, 4)) for n in windows]
    return SignalRow(
        id="difference", title="DNase-seq, K562 − HepG2", unit="reads (mean per bin)", assay="DNASE",
        pieces=tuple(pieces), signed=True, signs=("more in K562", "more in HepG2"),
    )  # fmt: skip


def genes(windows: range) -> GeneRow:
    random = np.random.default_rng(7)
    found, at = [], FIRST_BP + windows.start * WINDOW_BP + 4_000
    end = FIRST_BP + windows.stop * WINDOW_BP
    while at < end - 20_000:
        wide = int(random.integers(3_000, 30_000))
        starts = np.sort(random.integers(at, at + wide - 400, 6))
        exons = tuple((int(start), int(start) + 180) for start in starts)
        found.append(
            GeneMark(f"GENE{len(found) + 1}", at, at + wide, "+-"[len(found) % 2], exons, exons[1:5], "A made-up gene.")
        )
        at += int(random.integers(8_000, 30_000))
    return GeneRow(id="genes", title="Genes", genes=tuple(found), about="Made-up genes.", movable=False)


def states(windows: range) -> RegionRow:
    random = np.random.default_rng(9)
    found, at = [], FIRST_BP + windows.start * WINDOW_BP
    while at < FIRST_BP + windows.stop * WINDOW_BP:
        wide = int(random.integers(3, 70)) * 200
        name, colour = STATES[int(random.integers(len(STATES)))]
        found.append(RegionMark(name, at, at + wide, colour, about=name, pick=f"state {len(found)}"))
        at += wide
    return RegionRow(id="states", title="States", regions=tuple(found), legend=STATES)


def attention() -> AttentionRow:
    bins = READ_BP // BIN_BP
    random = np.random.default_rng(3)
    looking = FIRST_BP + WINDOW_BP // 2
    start = FIRST_BP - (READ_BP - WINDOW_BP) // 2
    far = np.abs(np.arange(bins) - (looking - start) / BIN_BP)
    plain = np.exp(-far / 200)
    weights = plain * random.gamma(0.5, 1, bins)
    weights[random.integers(300, bins - 300, 8)] *= 60
    share = [(array / array.sum()).astype(np.float32) for array in (weights, plain)]
    return AttentionRow(
        id="attention", title="Attention from the TSS of GENE3", note="layer 4, mean over heads",
        weights=Piece(start, BIN_BP, share[0]), from_start=looking, from_end=looking + BIN_BP, baseline=share[1],
    )  # fmt: skip


def letters() -> LetterRow:
    bases = np.random.default_rng(1).choice(list("ACGTacgt"), 20_000)
    return LetterRow(id="letters", title="Sequence", start_bp=FIRST_BP + 40_000, letters="".join(bases), movable=False)


def made_up_scene(
    count: int = 12,
    first: int = 0,
    windows: int = 3,
    extras: bool = True,
    place: Place | None = None,
    contig_bp: int = CONTIG_BP,
) -> Scene:
    """`count` signal rows over `windows` predicted windows from number `first` on; `extras`: other kinds too."""
    known = range(first, first + windows)
    rows: list[Row] = signal_rows(count, known)
    if extras:
        rows = [letters(), genes(known), states(known), *rows, difference(known), attention()]
    start, end = FIRST_BP + known.start * WINDOW_BP, FIRST_BP + known.stop * WINDOW_BP
    pad = (READ_BP - WINDOW_BP) // 2

    def window(n: int, state: str) -> Window:
        at = FIRST_BP + n * WINDOW_BP
        return Window(at, at + WINDOW_BP, at - pad, at + WINDOW_BP + pad, state)

    edges = (window(known.start - 1, "missing"), window(known.stop, "running"))
    return Scene(
        place=place or Place(CONTIG, start + 20_000, start + 20_000 + WINDOW_BP),
        contig_bp=contig_bp,
        assembly="made up",
        loaded=(start - WINDOW_BP, end + WINDOW_BP),
        rows=tuple(rows),
        windows=(*(window(n, "ready") for n in known), *edges),
        marks=((start + 70_000, start + 70_001, "GENE3 TSS"),),
        title="A made-up stretch of chr11",
        subtitle="Twelve rows of 896 bins a window",
        provenance="Made-up numbers from a seeded generator; no model, no experiment.",
        description="Twelve made-up tracks along chromosome 11.",
        file_name="made-up",
    )


def chosen_rows(scene: Scene, state: BrowserState) -> Scene:
    """The scene as a page would make it after the person's choices."""
    if state.rows is None:
        return scene
    rows = {row.id: row for row in scene.rows}
    kept = []
    for choice in state.rows:
        fields = {name: value for name in ("height", "log", "scaling") if (value := getattr(choice, name)) is not None}
        kept.append(dataclasses.replace(rows[choice.id], **fields))
    return dataclasses.replace(scene, rows=tuple(kept))
