"""Rows of files: measured signal, lines over predictions with their r, regions in lanes, and predicted states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.browser.scene import Piece, SignalRow
from components.tracks.files import (
    FILE_UNIT,
    MAX_LANES,
    MAX_MARKS,
    Laid,
    agreement,
    assay_of,
    lanes_of,
    lay_over,
    legend_of,
    matching_track,
    measured_row,
    region_rows,
)
from components.tracks.states import predicted_states, states_id, states_row
from core.cards import Provenance
from core.enformer.states import MARKS, StateRule
from core.enformer.tracks import Track
from core.enformer.values import TrackSet
from core.genome import Interval
from core.genome.annotation import Region
from core.genome.signals import Block, read_regions


def test_what_a_name_tells():
    told = {
        "bigwig_chr9_4000000_6000000_K562_H3K27ac.bigwig": "CHIP",
        "K562_RNA.bw": "",
        "dnase-liver.bw": "DNASE",
        "CAGE_liver.bw": "CAGE",
        "a.ATAC-seq.bw": "ATAC",
        "CTCF.bw": "CHIP",
    }
    assert {name: assay_of(name) for name in told} == told
    tracks = (
        Track(0, "a", "x", "DNASE", "", "K562"),
        Track(1, "b", "x", "CHIP", "H3K27ac", "K562"),
        Track(2, "c", "x", "CHIP", "H3K27ac", "CD14 positive monocyte"),
        Track(3, "d", "x", "CHIP", "H3K4me3", "K562"),
        Track(4, "e", "x", "CHIP", "H3K4me3", "K562"),
    )
    assert matching_track("chr9_K562_H3K27ac.bigwig", tracks) == tracks[1]
    assert matching_track("k562.dnase.bw", tracks) == tracks[0]
    assert matching_track("monocyte_CD14_positive_h3k27ac.bw", tracks) == tracks[2]
    assert matching_track("K562_H3K4me3.bw", tracks) is None  # two of them
    assert matching_track("signal.bw", tracks) is None


def test_a_row_of_its_own():
    blocks = [Block("chr9", 0, 128, 4), Block("chr9", 512, 128, 4)]
    here = np.arange(4, dtype=np.float32)
    row = measured_row("file:signal:a", "a", "a_H3K27ac.bw", [(blocks[0], here), (blocks[1], None)], "reading …")
    assert [(piece.start_bp, piece.bin_bp) for piece in row.pieces] == [(0, 128)]
    assert (row.unit, row.assay, row.missing, row.note) == (FILE_UNIT, "CHIP", "not read yet", "reading …")
    assert "Means of 128 bp; places" in row.about
    whole = measured_row("file:signal:a", "a", "a.bw", [(block, here) for block in blocks])
    assert (len(whole.pieces), whole.missing) == (2, "not measured")
    coarse = measured_row("file:signal:a", "a", "a.bw", [(Block("chr9", 0, 131_072), np.zeros(512, np.float32))])
    assert "Means of 131,072 bp from the file's own summaries" in coarse.about


def test_r_is_of_what_is_seen_and_predicted():
    rng = np.random.default_rng(5)
    predicted, measured = rng.random((2, 100)).astype(np.float32)
    pieces = (Piece(1_000, 128, predicted[:60]), Piece(1_000 + 60 * 128, 128, predicted[60:]))
    row = SignalRow(id="track:human:3", title="t", note="n", about="Told.", pieces=pieces, unit="u")
    whole = {1_000: measured[:60], 1_000 + 60 * 128: measured[60:]}
    laid = lay_over(row, whole, "a.bw", (0, 10**6))
    r = np.corrcoef(predicted.astype(float), measured.astype(float))[0, 1]
    assert agreement(laid.pieces, (0, 10**6)) == pytest.approx(r, abs=1e-9)
    assert laid.note == f"n · r = {r:.2f} to measured"
    assert laid.second_name == "measured"
    assert laid.about.startswith("Told. The line is measured: a.bw, signal (the file's own unit); r is Pearson's")
    # From the middle of bin 10 on, to just before the middle of bin 70.
    seen = (1_000 + 10 * 128 + 64, 1_000 + 70 * 128 + 64)
    some = np.corrcoef(predicted[10:70].astype(float), measured[10:70].astype(float))[0, 1]
    assert agreement(laid.pieces, seen) == pytest.approx(some, abs=1e-9)
    first = lay_over(row, {1_000: measured[:60]}, "a.bw", (0, 10**6))
    assert first.pieces[1].second is None
    half = np.corrcoef(predicted[:60].astype(float), measured[:60].astype(float))[0, 1]
    assert agreement(first.pieces, (0, 10**6)) == pytest.approx(half, abs=1e-9)
    assert lay_over(row, whole, "a.bw", (0, 10)).note == "n"  # nothing in sight
    nothing = lay_over(row, {}, "a.bw", (0, 10**6))
    assert (nothing.note, nothing.second_name) == ("n", "")
    assert lay_over(row, {1_000: predicted[:60]}, "a.bw", (0, 10**6), unit="u").note == "n · r = 1.000 to measured"


def test_real_states_keep_colours_and_lane(test_data: Path):
    track = read_regions(test_data / "tracks" / "hg19_chr9" / "bed_chr9_4000000_6000000_chromstates.bed")
    (row,) = region_rows("file:regions:states", "states", track.name, Laid.of(track.regions), (4_000_000, 4_200_000))
    assert row.id == "file:regions:states"
    insulator = next(mark for mark in row.regions if mark.name == "8_Insulator")
    assert (insulator.start, insulator.end, insulator.colour) == (4_073_200, 4_073_800, (10, 190, 254))
    assert all(mark.end > 4_000_000 and mark.start < 4_200_000 for mark in row.regions)
    assert 5 < len(row.regions) < len(track.regions)
    legend = dict(row.legend)
    assert legend["Insulator"] == (10, 190, 254)
    assert len(legend) == len({region.colour for region in track.regions})


def region(start: int, end: int, name: str = "a", colour=None) -> Region:
    return Region(Interval("chr1", start, end), name, None, colour)


def test_lanes_and_bounds():
    nested = [region(0, 100), region(10, 20), region(15, 40), region(30, 50), region(100, 120)]
    assert lanes_of(nested) == [0, 1, 2, 1, 0]
    rows = region_rows("file:x", "x", "x.bed", Laid.of(nested), (0, 60))
    assert [row.id for row in rows] == ["file:x", "file:x.2", "file:x.3"]
    assert [row.title for row in rows] == ["x, lane 1", "x, lane 2", "x, lane 3"]
    assert [[mark.start for mark in row.regions] for row in rows] == [[0], [10, 30], [15]]
    deep = [region(0, 100 - n) for n in range(MAX_LANES + 2)]
    rows = region_rows("file:x", "x", "x.bed", Laid.of(deep), (0, 60))
    assert len(rows) == MAX_LANES
    assert rows[-1].note == "2 more lie below one another"
    many = [region(10 * n, 10 * n + 5 + (n % 2)) for n in range(MAX_MARKS + 500)]
    (row,) = region_rows("file:x", "x", "x.bed", Laid.of(many), (0, 10**6))
    assert len(row.regions) == MAX_MARKS
    assert row.note == "500 narrower ones not drawn"
    assert sum(mark.end - mark.start == 6 for mark in row.regions) == (MAX_MARKS + 500) // 2
    assert [mark.start for mark in row.regions] == sorted(mark.start for mark in row.regions)
    (empty,) = region_rows("file:x", "x", "x.bed", Laid.of([]), (0, 100))
    assert empty.regions == ()


def test_legends():
    encode = [region(0, 5, "E"), region(5, 9, "tss"), region(9, 12, "E")]
    assert legend_of(encode) == (("TSS", (255, 0, 0)), ("E", (250, 202, 0)))
    (row,) = region_rows("file:x", "x", "x.bed", Laid.of(encode), (0, 20))
    assert [mark.colour for mark in row.regions] == [(250, 202, 0), (255, 0, 0), (250, 202, 0)]
    bands = [region(n, n + 1, f"p{n}", (200, 200, 200)) for n in range(3)]
    assert legend_of(bands) == ()
    other = [region(0, 1, "4_Strong_Enhancer", (1, 2, 3)), region(1, 2, "", (9, 9, 9)), region(2, 3)]
    assert legend_of(other) == (("Strong Enhancer", (1, 2, 3)), ("no name", (9, 9, 9)))


def test_predicted_states_go_on_over_the_edge_of_a_window():
    tracks = tuple((mark, Track(number, mark, mark)) for number, mark in enumerate(MARKS[:-1]))
    rule = StateRule("my cell (both)", tracks, tuple((mark, 1.0) for mark, _ in tracks), "made up.")

    def window(start: int, marks: list[int]) -> TrackSet:
        values = np.zeros((4, len(tracks)), np.float32)
        for number, mark in enumerate(marks):
            if mark >= 0:
                values[number, mark] = 2
        place = Interval("chr1", start, start + 512)
        return TrackSet(values, tuple(t for _, t in tracks), 128, Provenance("m", "1", "random"), place, "human", "x")

    found = (window(512, [5, 5, -1, -1]), window(0, [0, 4, -1, 5]))
    states = predicted_states(rule, found, 900)
    assert [(r.name, r.interval.start, r.interval.end) for r in states] == [
        ("PF", 0, 128), ("CTCF", 128, 256), ("R", 256, 384), ("T", 384, 768), ("R", 768, 900),
    ]  # fmt: skip
    row = states_row(rule, found, 900, "human")
    assert row.id == states_id("human", "my cell (both)")
    assert row.id.startswith("states:human:my-cell-both-.")
    assert states_id("human", "my cell [both]") != row.id
    assert row.note == "some marks missing"
    assert row.about.startswith("The first that fits, in this order: TSS: H3K4me3 and DNase;")
    assert "no predicted track of H3K27me3" in row.about
    assert [name for name, _ in row.legend] == ["TSS", "PF", "E", "WE", "CTCF", "T", "R"]
    assert row.regions[0].colour == (255, 105, 105)
