"""Files of what is seen: read back by other programs' readers, and equal to what is shown."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from components.browser.scene import (
    AttentionRow,
    GeneMark,
    GeneRow,
    LetterRow,
    Piece,
    Place,
    RegionMark,
    RegionRow,
    Scene,
    SignalRow,
)
from components.tracks.exports import (
    ORIGINS,
    free_name,
    regions_of,
    scene_bedgraph,
    scene_bigwigs,
    scene_csv,
    scene_table,
    seen_of,
    series_of,
)
from components.tracks.igv import NO_GENOME, SESSION, igv_archive
from core.genome import Interval
from core.genome.annotation_files import read_annotation
from core.genome.signal import BigWig
from core.genome.signals import read_regions

RNG = np.random.default_rng(7)
VALUES, TRUTH, SPREAD = RNG.random((3, 40)).astype(np.float32)
VALUES[3] = np.nan
PROVENANCE = 'Model "x" · random weights 1 · float32'


def made(start: float = 500, end: float = 3_000, **more) -> Scene:
    pieces = (
        Piece(-128, 128, VALUES[:20], SPREAD[:20], TRUTH[:20]),
        Piece(2_432, 128, VALUES[20:], SPREAD[20:], TRUTH[20:]),
    )
    signed = (Piece(0, 256, np.linspace(-1, 1, 16, dtype=np.float32)),)
    far = (Piece(4_000, 128, np.ones(4, np.float32)),)
    rows = (
        GeneRow(id="genes", title="Genes", genes=(
            GeneMark("A B", 600, 2_000, "-", ((600, 700), (1_800, 2_000)), ((650, 700), (1_800, 1_850))),
            GeneMark("far", 4_200, 4_300, "+"),
        )),
        SignalRow(
            id="track:human:1", title="CAGE <liver> (1)", pieces=pieces, unit="mean, × 2", assay="CAGE",
            second_name="truth", log=True, about="What it is.",
        ),
        SignalRow(id="difference:human:1-2", title="1 − 2", pieces=signed, unit="mean", signed=True),
        SignalRow(id="track:human:9", title="far", pieces=far, unit="mean"),
        AttentionRow(id="attention", title="Attention", weights=Piece(0, 128, np.full(40, 0.025, np.float32))),
        RegionRow(id="states:x", title="States", regions=(
            RegionMark("TSS", 400, 640, (255, 0, 0)), RegionMark("two words", 2_900, 3_100),
            RegionMark("E", 4_000, 4_100),
        )),
        LetterRow(id="letters", title="Letters", start_bp=500, letters="ACGT"),
    )  # fmt: skip
    told = {"assembly": "hg38", "provenance": PROVENANCE, "title": "Tracks", "file_name": "tracks x 1"} | more
    return Scene(place=Place("sim1", start, end), contig_bp=4_500, loaded=(0, 4_500), rows=rows, **told)


def test_exactly_what_is_seen():
    scene = made()
    assert seen_of(scene) == Interval("sim1", 500, 3_000)
    series = {each.name: each for each in series_of(scene)}
    assert list(series) == ["CAGE <liver> (1)", "CAGE <liver> (1), truth", "1 − 2", "Attention"]
    cage = series["CAGE <liver> (1)"]
    # Bins 4 (384-512) to 24 (2944-3072) share a base with 500-3000; bin 3 (256-384) has no number and is not seen.
    assert (cage.starts[0], cage.ends[-1], len(cage.values)) == (384, 3_072, 21)
    np.testing.assert_array_equal(cage.values, VALUES[4:25])
    np.testing.assert_array_equal(cage.spread, SPREAD[4:25])
    np.testing.assert_array_equal(series["CAGE <liver> (1), truth"].values, TRUTH[4:25])
    assert series["1 − 2"].values.min() < 0
    ((row, regions),) = regions_of(scene)
    assert (row.id, [mark.name for mark in regions]) == ("states:x", ["TSS", "two words"])
    ends = {each.name: each for each in series_of(made(-300, 9_000))}["CAGE <liver> (1)"]
    # The first bin lies outside the chromosome.
    assert (ends.starts[0], ends.ends[-1], len(ends.values)) == (0, 4_500, 36)


def test_csv_has_units_and_provenance_and_gives_float32_back():
    table = pd.read_csv(io.BytesIO(scene_csv(made())), keep_default_na=False, na_values=["nan"])
    cage = table[(table.row == "CAGE <liver> (1)") & (table.line == "")]
    np.testing.assert_array_equal(cage.value.astype(np.float32), VALUES[4:25])
    np.testing.assert_array_equal(cage.spread.astype(np.float32), SPREAD[4:25])
    assert set(cage.unit) == {"mean, × 2"}
    assert set(table.provenance) == {PROVENANCE}
    assert set(table.assembly) == {"hg38"}
    assert set(table.chrom) == {"sim1"}
    assert (table.line == "truth").sum() == 21
    regions = table[table.row == "States"]
    assert regions.name.tolist() == ["TSS", "two words"]
    assert regions.start.tolist() == [400, 2_900]
    assert list(scene_table(made(3_990, 3_995)).columns) == list(table.columns)


def test_bedgraph_as_browsers_read_it():
    lines = scene_bedgraph(made(0, 3_000)).decode().splitlines()
    assert lines[0] == "# Model 'x' · random weights 1 · float32"
    heads = [line for line in lines if line.startswith("track ")]
    assert heads[0] == (
        'track type=bedGraph name="CAGE <liver> (1)" description="mean, × 2, Model \'x\' · random weights 1 · float32" '
        "visibility=full autoScale=on"
    )
    assert len(heads) == 4
    first = lines[lines.index(heads[0]) + 1 : lines.index(heads[1])]
    values = [line.split("\t") for line in first]
    assert [int(start) for _, start, _, _ in values][:3] == [0, 128, 384]  # bin 3 has no number
    np.testing.assert_array_equal(np.array([float(v) for *_, v in values], np.float32), VALUES[[1, 2, *range(4, 25)]])


def test_bigwigs_say_where_they_come_from(tmp_path):
    with zipfile.ZipFile(io.BytesIO(scene_bigwigs(made()))) as found:
        assert found.testzip() is None
        names = found.namelist()
        found.extractall(tmp_path)
    assert names == ["cage-liver-1.bw", "cage-liver-1-truth.bw", "1-2.bw", "attention.bw", ORIGINS]
    signal = BigWig(tmp_path / "cage-liver-1.bw")
    assert dict(signal.contigs) == {"sim1": 4_500}
    np.testing.assert_array_equal(signal.means(Interval("sim1", 384, 3_072), 21), VALUES[4:25])
    assert (
        BigWig(tmp_path / "1-2.bw").means(Interval("sim1", 512, 768), 1)[0]
        == np.linspace(-1, 1, 16, dtype=np.float32)[2]
    )
    told = (tmp_path / ORIGINS).read_text()
    assert PROVENANCE in told
    assert "sim1:501-3,000, assembly: hg38" in told
    assert "cage-liver-1.bw: CAGE <liver> (1). Unit: mean, × 2. What it is." in told
    assert scene_bigwigs(made()) == scene_bigwigs(made())


def test_file_names_are_free_and_harmless():
    taken: set[str] = set()
    names = [free_name(name, ".bw", taken) for name in ("../A b", "a/b", "…", "x" * 200, "a-b")]
    assert names == ["a-b.bw", "a-b-2.bw", "row.bw", "x" * 60 + ".bw", "a-b-3.bw"]


@pytest.mark.parametrize(("assembly", "genome"), [("hg38", "hg38"), ("playground", "genome.fa"), ("unknown", None)])
def test_an_igv_session(tmp_path, assembly, genome):
    """Elements and attributes that IGV's own reader (`IGVSessionReader.java`) looks for; files that are there."""
    extra = {"genome.fa": b">sim1\nACGT\n", "genome.fa.fai": b"sim1\t4\t6\t4\t5\n"} if genome == "genome.fa" else None
    with zipfile.ZipFile(io.BytesIO(igv_archive(made(assembly=assembly), genome_files=extra))) as found:
        names = set(found.namelist())
        found.extractall(tmp_path)
    root = ElementTree.parse(tmp_path / SESSION).getroot()
    assert root.tag == "Session"
    assert root.attrib == {"locus": "sim1:501-3000", "version": "8"} | ({"genome": genome} if genome else {})
    (resources,) = root
    assert resources.tag == "Resources"
    told = {resource.get("path"): resource for resource in resources}
    assert {resource.tag for resource in resources} == {"Resource"}
    assert {key for resource in resources for key in resource.attrib} == {
        "path",
        "name",
        "type",
        "description",
        "color",
    }
    assert set(told) == {
        "cage-liver-1.bw", "cage-liver-1-truth.bw", "1-2.bw", "attention.bw", "states.bed", "genes.bed",
    }  # fmt: skip
    assert names == {SESSION, ORIGINS, *told, *(extra or {})}
    cage = told["cage-liver-1.bw"]
    assert (cage.get("name"), cage.get("type")) == ("CAGE <liver> (1)", "bw")
    assert cage.get("description") == "Unit: mean, × 2. What it is."
    assert [0 <= int(part) < 256 for part in cage.get("color").split(",")] == [True] * 3
    states = read_regions(tmp_path / "states.bed").regions
    assert [(r.name, r.interval.start, r.colour) for r in states] == [
        ("TSS", 400, (255, 0, 0)), ("two_words", 2_900, None),
    ]  # fmt: skip
    (gene,) = read_annotation(tmp_path / "genes.bed").genes
    assert (gene.symbol, gene.interval.strand, len(gene.transcripts[0].exons)) == ("A_B", "-", 2)
    assert (gene.transcripts[0].coding.start, gene.transcripts[0].coding.end) == (650, 1_850)
    assert (NO_GENOME in (tmp_path / ORIGINS).read_text()) == (genome is None)


def test_rows_without_anything_here_give_no_files():
    with zipfile.ZipFile(io.BytesIO(igv_archive(made(4_450, 4_460)))) as found:
        assert set(found.namelist()) == {
            SESSION,
            ORIGINS,
            "far.bw",
            "cage-liver-1.bw",
            "cage-liver-1-truth.bw",
            "attention.bw",
        }
