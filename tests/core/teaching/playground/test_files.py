"""The shipped files: made by this code from the seed, in the field's formats, and true."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import GenomeFileError, SimulationError
from core.genome import Interval, Variant, open_genome, reverse_complement
from core.genome.annotation_files import read_annotation
from core.genome.reference import check_variant
from core.genome.signal import BigWig
from core.teaching.playground import build as building
from core.teaching.playground import files
from core.teaching.playground.grammar import GRAMMAR_VERSION, TRACKS
from core.teaching.playground.motifs import motifs
from core.teaching.playground.people import PEOPLE
from core.teaching.playground.recipe import Recipe
from core.teaching.playground.world import world


@pytest.fixture(scope="module")
def made() -> list:
    return building.make_world()


@pytest.fixture(scope="module")
def genome():
    return open_genome("playground")


@pytest.fixture(scope="module")
def manifest() -> dict:
    return json.loads((files.FOLDER / files.MANIFEST).read_text())


def lines(path: Path) -> list[str]:
    with gzip.open(path, "rt") as file:
        return file.read().splitlines()


def test_the_seed_gives_the_shipped_files(tmp_path: Path, manifest: dict) -> None:
    folder = tmp_path / "again"
    building.build(folder)
    assert json.loads((folder / files.MANIFEST).read_text()) == manifest
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
        *manifest["sha256"],
        files.MANIFEST,
    }
    for name, digest in manifest["sha256"].items():
        assert files.sha256_of(folder / name) == digest, name


def test_manifest(manifest: dict) -> None:
    assert manifest["label"] == "playground: simulated genome"
    assert manifest["grammar_version"] == GRAMMAR_VERSION
    assert manifest["tracks"] == list(TRACKS)
    for name in manifest["sha256"]:
        assert files.playground_file(name).is_file()
    assert sum(path.stat().st_size for path in files.FOLDER.rglob("*.*")) < 5_000_000


def test_letters(made: list, genome) -> None:
    assert dict(genome.contigs) == {name: length for name, (length, _) in building.CHROMOSOMES.items()}
    for chromosome in made:
        letters = chromosome.sequence
        assert genome.fetch(Interval(chromosome.name, 0, len(letters))) == letters.upper()
        assert set(letters) <= set("ACGTacgtN")
        assert sum(letter.islower() for letter in letters) / len(letters) == pytest.approx(0.11, abs=0.02)
        runs = [match.span() for match in re.finditer("N+", letters)]
        assert [end - start for start, end in runs] == [2_000, 4_000, 2_000]
        known = letters.upper().replace("N", "")
        gc = (known.count("G") + known.count("C")) / len(known)
        assert gc == pytest.approx(0.476, abs=0.01)
        assert known.count("CG") / len(known) < 0.6 * (gc / 2) ** 2  # CpG is rare, as in people
    first = lines(files.playground_fasta())
    assert first[0] == ">sim1"
    assert any(line.islower() for line in first)


def test_layout(made: list) -> None:
    for chromosome in made:
        layout = chromosome.layout
        bodies = sorted(gene.body for gene in layout.genes)
        assert all(left[1] <= right[0] for left, right in pairwise(bodies))
        borders = [element for element in layout.elements if element.kind == "boundary"]
        assert not [b for b in borders for start, end in bodies if b.start < end and start < b.end]
        middles = [element.middle for element in layout.elements]
        assert np.diff(middles).min() >= 420
        for start, end in (*bodies, *((e.start, e.end) for e in layout.elements)):
            assert (chromosome.codes[start:end] < 4).all()
        for gene in layout.genes:
            assert gene.exons[0][0] == gene.body[0]
            assert gene.exons[-1][1] == gene.body[1]


def test_genes_are_read_as_any_gtf(made: list) -> None:
    shared = world()
    assert {chromosome.name: chromosome.layout.genes for chromosome in made} == dict(shared.genes)
    assert len(shared.annotation.genes) > 200
    assert all(gene.symbol.startswith("SIM") for gene in shared.annotation.genes)


def test_every_site_is_in_the_letters(genome) -> None:
    letters = {name: genome.fetch(Interval(name, 0, length)) for name, length in genome.contigs.items()}
    weights = {motif.name: motif for motif in motifs()}
    rows = [line.split("\t") for line in lines(files.playground_sites())]
    assert len(rows) > 2_000
    assert {row[3] for row in rows} == set(weights)
    for chrom, start, end, name, score, strand in rows:
        site = letters[chrom][int(start) : int(end)]
        site = site if strand == "+" else reverse_complement(site)
        motif = weights[name]
        bits = sum(float(motif.log_odds[i, "ACGT".index(letter)]) for i, letter in enumerate(site))
        assert len(site) == len(motif)
        assert int(score) == pytest.approx(1000 / (1 + 2 ** (motif.threshold - bits)), abs=1)


def test_elements_hold_their_sites(made: list) -> None:
    found = read_annotation(files.playground_elements(), assembly="playground").regions
    assert len(found) == sum(len(chromosome.layout.elements) for chromosome in made)
    roles = {"promoter": "promoter", "silencer": "silencer", "boundary": "boundary"}
    roles |= {"enhancer_erythroid": "erythroid", "enhancer_liver": "liver"}
    by_role = {motif.name: motif.role for motif in motifs()}
    places: dict[tuple[str, str], list[int]] = {}
    for line in lines(files.playground_sites()):
        chrom, start, end, name, *_ = line.split("\t")
        places.setdefault((chrom, by_role[name]), []).append((int(start) + int(end)) // 2)
    for region in found:
        kind = region.name.partition(":")[0]
        wanted = ("erythroid", "liver") if kind == "enhancer_shared" else (roles[kind],)
        for role in wanted:
            near = np.array(places[region.interval.chrom, role])
            assert ((near >= region.interval.start) & (near < region.interval.end)).any(), region.name


def test_people(genome) -> None:
    rows = lines(files.playground_people())
    head = [row for row in rows if row.startswith("#")]
    assert head[0] == "##fileformat=VCFv4.3"
    assert [row for row in head if row.startswith("##contig")] == [
        f"##contig=<ID={name},length={length}>" for name, length in genome.contigs.items()
    ]
    assert head[-1].split("\t")[9:] == list(PEOPLE)
    behind: dict[str, int] = {}
    kinds = set()
    for row in rows[len(head) :]:
        chrom, position, _, ref, alt, _, passed, info, form, *types = row.split("\t")
        variant = Variant(chrom, int(position), ref, alt)
        check_variant(variant, genome)
        assert variant.normalise(genome.fetch) == variant  # left-aligned and as short as can be
        assert variant.interval.start >= behind.get(chrom, 0)  # sorted, no overlap
        behind[chrom] = variant.interval.end
        kinds.add(variant.kind)
        assert (passed, form, len(types)) == ("PASS", "GT", len(PEOPLE))
        assert all(re.fullmatch(r"[01]\|[01]", given) for given in types)
        carried = sum(given.count("1") for given in types)
        assert carried > 0
        assert info == f"AF={carried / (2 * len(PEOPLE)):.4f}"
    assert list(behind) == list(genome.contigs)
    assert kinds == {"SNV", "insertion", "deletion"}


def test_tables_can_be_indexed(tmp_path: Path) -> None:
    pysam = pytest.importorskip("pysam")
    for path, preset in (
        (files.playground_people(), "vcf"),
        (files.playground_genes(), "gff"),
        (files.playground_elements(), "bed"),
        (files.playground_sites(), "bed"),
    ):
        copy = shutil.copy(path, tmp_path / path.name)
        pysam.tabix_index(str(copy), preset=preset, force=True)
        assert Path(f"{copy}.tbi").is_file()


def test_measurements_are_the_truth_and_noise(genome) -> None:
    whole = Interval("sim3", 0, 600_000 // 128 * 128)
    truth = world().truth(whole)
    for column, name in enumerate(TRACKS):
        signal = BigWig(files.playground_signal(name))
        signal.check_assembly(genome.contigs, "playground")
        rows = signal.read([whole])[0]
        signal.close()
        assert np.corrcoef(rows, truth[:, column])[0, 1] > 0.9, name
        assert rows.mean() == pytest.approx(truth[:, column].mean(), rel=0.1), name
        assert not rows[truth[:, column] == 0].any(), name


def test_links_say_the_shares_of_a_gene() -> None:
    table = pd.read_csv(files.playground_links(), sep="\t")
    assert (table.distance_bp == ((table.element_start + table.element_end) // 2 - table.tss).abs()).all()
    assert table.share.between(0, 1).all()
    totals = table.groupby(["gene", "cell_type"]).share.sum()
    assert totals.max() < 1.01
    inside, across = table[table.boundaries_between == 0], table[table.boundaries_between > 0]
    assert across.share.median() < 0.1 * inside.share.median()


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    shutil.copytree(files.FOLDER, tmp_path / "a")
    shutil.copytree(files.FOLDER, tmp_path / "b")
    shutil.copytree(files.FOLDER, tmp_path / "c")
    manifest = tmp_path / "a" / files.MANIFEST
    manifest.write_text(manifest.read_text().replace('"grammar_version": "1"', '"grammar_version": "0"'))
    with pytest.raises(
        GenomeFileError, match=f"version 0 of its grammar and this program has version {GRAMMAR_VERSION}"
    ):
        files.playground_file("links.tsv", tmp_path / "a")
    (tmp_path / "b" / "links.tsv").write_text("damaged")
    with pytest.raises(GenomeFileError, match=r"links\.tsv is missing or differs"):
        files.playground_file("links.tsv", tmp_path / "b")
    (tmp_path / "b" / "genes.gtf.gz").unlink()
    with pytest.raises(GenomeFileError, match=r"genes\.gtf\.gz is missing or differs"):
        files.playground_file("genes.gtf.gz", tmp_path / "b")
    for content in ("", "{}", "[1]", '{"grammar_version": "1", "sha256": 3}'):
        (tmp_path / "c" / files.MANIFEST).write_text(content)
        with pytest.raises(GenomeFileError, match="no usable list"):
            files.playground_file("links.tsv", tmp_path / "c")
    with pytest.raises(GenomeFileError, match="no usable list"):
        files.playground_file("unknown.txt")


@pytest.mark.parametrize("seed", [-3, "x"])
def test_a_seed_that_is_none(seed: object, tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="whole number"):
        building.build(tmp_path, seed)


def test_a_seed_that_training_uses(tmp_path: Path) -> None:
    assert Recipe.first_seed == 1_000
    for seed in (100, 109):
        with pytest.raises(SimulationError, match="trained on"):
            building.build(tmp_path, seed)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "make_world", lambda seed: [])
    (tmp_path / "file").write_text("")
    with pytest.raises(SimulationError, match="cannot be written"):
        building.build(tmp_path / "file" / "inside")
