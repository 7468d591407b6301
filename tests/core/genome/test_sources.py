"""Which genomes a browser may name, and their genes; a path is never opened for one."""

from __future__ import annotations

import random
import sys
import types
from pathlib import Path

import pytest

from core.errors import (
    AnnotationError,
    GenomeFileError,
    GenomeOfflineError,
    GenomeUnavailableError,
    SettingsError,
    UnknownGenomeError,
)
from core.genome import Interval, annotation_for, genome_sources, named_genome, open_genome
from core.genome.annotation import Track
from core.genome.genomes import assembly_named
from core.genome.ucsc import UcscGenes
from core.settings import ROOT, Settings, read_settings

GENES = 'chr1\tt\tgene\t11\t50\t.\t-\t.\tgene_id "G1"; gene_name "ONE";\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("mine", "hg38", "other"):
        letters = "".join(random.Random(name).choices("ACGT", k=60))
        (tmp_path / f"{name}.fa").write_text(f">chr1\n{letters}\n")
    (tmp_path / "genes.gtf").write_text(GENES)
    return tmp_path


@pytest.fixture
def no_playground(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a version without it."""
    monkeypatch.setitem(sys.modules, "core.teaching.playground.files", None)
    monkeypatch.delattr("core.teaching.playground.files", raising=False)


@pytest.fixture
def toy_playground(monkeypatch: pytest.MonkeyPatch, folder: Path) -> types.ModuleType:
    module = types.ModuleType("core.teaching.playground.files")
    module.playground_fasta = lambda: folder / "other.fa"
    module.playground_genes = lambda: folder / "genes.gtf"
    monkeypatch.setitem(sys.modules, "core.teaching.playground.files", module)
    monkeypatch.setattr("core.teaching.playground.files", module, raising=False)
    return module


def options(folder: Path, **environment: str) -> Settings:
    return read_settings(
        {"ATTENDOME_CACHE": str(folder / "cache"), "ATTENDOME_HG38_URL": "http://127.0.0.1:9/hg38.fa", **environment}
    )


def test_what_is_listed(folder: Path, no_playground: None) -> None:
    (only,) = genome_sources(options(folder))
    assert (only.name, only.place, only.assembly) == ("hg38", "127.0.0.1:9", "hg38")
    chosen = options(folder, ATTENDOME_GENOMES=f"mine={folder}/mine.fa:mm10={folder}/other.fa")
    assert [(s.name, s.assembly) for s in genome_sources(chosen)] == [
        ("hg38", "hg38"),
        ("mine", "unknown"),
        ("mm10", "mm10"),
    ]
    assert genome_sources(chosen)[1].title == "mine (mine.fa)"
    assert str(folder) not in "".join(s.title + s.place for s in genome_sources(chosen))


def test_the_genome_of_the_settings_comes_first(folder: Path, no_playground: None) -> None:
    files = {"ATTENDOME_GENOMES": f"mine={folder}/mine.fa"}
    for genome, first, place in [
        ("GRCh38", "hg38", "127.0.0.1:9"),
        ("mine", "mine", "mine.fa"),
        (f"{folder}/other.fa", "default", "other.fa"),
        ("https://who:secret@example.org/a/b.fa?x=1", "default", "example.org"),
    ]:
        listed = genome_sources(options(folder, ATTENDOME_GENOME=genome, **files))
        assert (listed[0].name, listed[0].place) == (first, place)
        assert len({source.name for source in listed}) == len(listed)
    source = named_genome("default", options(folder, ATTENDOME_GENOME=f"{folder}/other.fa"))
    genome = source.open()
    assert genome.fetch(Interval("chr1", 0, 60)) == (folder / "other.fa").read_text().splitlines()[1]
    genome.close()


def test_only_what_is_listed_is_opened(folder: Path, no_playground: None) -> None:
    chosen = options(folder, ATTENDOME_GENOMES=f"mine={folder}/mine.fa", ATTENDOME_ANNOTATIONS=f"x={folder}/genes.gtf")
    for name in (str(folder / "other.fa"), "http://127.0.0.1:9/a.fa", "default", "x", "", "../mine", "Mine"):
        with pytest.raises(UnknownGenomeError, match=r"There is no genome '.*' here; choose hg38, mine\. Whoever"):
            named_genome(name, chosen)
        with pytest.raises(UnknownGenomeError):
            annotation_for(name, chosen)
    genome = named_genome("mine", chosen).open()
    assert (genome.name, genome.assembly, dict(genome.contigs)) == ("mine", "unknown", {"chr1": 60})
    genome.close()
    # Code may give the same name.
    genome = open_genome("mine", options=chosen)
    assert genome.name == "mine"
    genome.close()
    with pytest.raises(UnknownGenomeError, match="'mouse' is neither a known genome nor a file; give hg38, mine, the"):
        open_genome("mouse", options=chosen)
    with pytest.raises(GenomeOfflineError, match=r"127\.0\.0\.1:9, which has the index of hg38, cannot be reached"):
        named_genome("hg38", chosen).open()
    (folder / "mine.fa").unlink()
    with pytest.raises(GenomeFileError, match=r"There is no FASTA file mine\.fa; check its place"):
        named_genome("mine", chosen).open()


def test_hg38_may_be_a_file(folder: Path, no_playground: None) -> None:
    chosen = options(folder, ATTENDOME_GENOMES=f"hg38={folder}/hg38.fa")
    (source,) = genome_sources(chosen)
    genome = source.open()
    assert (genome.name, genome.assembly) == ("hg38", "hg38")
    genes = source.genes(genome)
    assert isinstance(genes, UcscGenes)
    assert genes.name == "RefSeq genes of hg38 (UCSC)"
    assert isinstance(source.genes(), UcscGenes)  # opens the genome for a moment
    genome.close()


def test_genes_of_the_settings(folder: Path, no_playground: None) -> None:
    both = {"ATTENDOME_GENOMES": f"mine={folder}/mine.fa:bare={folder}/other.fa"}
    chosen = options(folder, ATTENDOME_ANNOTATIONS=f"mine={folder}/genes.gtf:hg38={folder}/none.gtf", **both)
    genes = annotation_for("mine", chosen)
    assert isinstance(genes, Track)
    assert genes.find("one").tss == 49
    assert annotation_for("bare", chosen) is None  # neither a file nor an assembly that UCSC is asked for
    with pytest.raises(AnnotationError, match=r"There is no file none\.gtf; check its place"):
        annotation_for("hg38", chosen)


def test_the_version_changes_with_the_files(folder: Path, no_playground: None) -> None:
    both = {"ATTENDOME_GENOMES": f"mine={folder}/mine.fa", "ATTENDOME_ANNOTATIONS": f"mine={folder}/genes.gtf"}
    seen = [named_genome("mine", options(folder, **both)).version]
    (folder / "genes.gtf").write_text(GENES * 2)
    seen.append(named_genome("mine", options(folder, **both)).version)
    (folder / "mine.fa").write_text(">chr1\nAC\n")
    seen.append(named_genome("mine", options(folder, **both)).version)
    (folder / "mine.fa").unlink()
    seen.append(named_genome("mine", options(folder, **both)).version)
    assert len(set(seen)) == 4
    assert named_genome("mine", options(folder, **both)).version == seen[-1]
    default = options(folder, ATTENDOME_GENOME=f"{folder}/other.fa")
    before = named_genome("default", default).version
    (folder / "other.fa").write_text(">chr1\nAC\n")
    assert named_genome("default", default).version != before


def test_without_the_playground(folder: Path, no_playground: None) -> None:
    chosen = options(folder)
    for call in (lambda: open_genome("playground", options=chosen), lambda: named_genome("playground", chosen)):
        with pytest.raises(GenomeUnavailableError, match="playground genome is not part of this version yet; choose"):
            call()


def test_with_the_playground(folder: Path, toy_playground: types.ModuleType) -> None:
    chosen = options(folder)
    assert [source.name for source in genome_sources(chosen)] == ["hg38", "playground"]
    genome = open_genome("playground", options=chosen)
    assert (genome.name, genome.assembly) == ("playground", "playground")
    assert annotation_for("playground", chosen, reference=genome).find("ONE").symbol == "ONE"
    genome.close()
    assert genome_sources(options(folder, ATTENDOME_GENOME="playground"))[0].name == "playground"
    toy_playground.playground_fasta = lambda: folder / "gone.fa"
    assert [source.name for source in genome_sources(chosen)] == ["hg38"]
    with pytest.raises(GenomeUnavailableError, match=r"gone\.fa of the playground genome is missing; restore it"):
        named_genome("playground", chosen)


@pytest.mark.skipif(not (ROOT / "assets" / "playground" / "playground.json").is_file(), reason="not built yet")
def test_the_shipped_playground(folder: Path) -> None:
    source = named_genome("playground", options(folder))
    genome = source.open()
    genes = source.genes(genome)
    contig = next(iter(genome.contigs))
    found = genes.genes_in(Interval(contig, 0, genome.contigs[contig]))
    assert len(found) > 3
    assert all(set(genome.fetch(gene.interval)) <= set("ACGTN") for gene in found[:3])
    genome.close()


def test_settings(folder: Path) -> None:
    found = read_settings(
        {"ATTENDOME_GENOMES": "mine=/a/b.fa: mouse=/c.fa.gz ", "ATTENDOME_ANNOTATIONS": "mine=/g.gtf"}
    )
    assert found.genome_files == (("mine", Path("/a/b.fa")), ("mouse", Path("/c.fa.gz")))
    assert found.annotation_files == (("mine", Path("/g.gtf")),)
    for name, value, sentence in [
        ("ATTENDOME_GENOMES", "/a/b.fa", r"holds '/a/b.fa'; give name=file pairs .* mine=/data/my-genome.fa"),
        ("ATTENDOME_GENOMES", "Bad Name=/a", "holds 'Bad Name=/a'; give name=file"),
        ("ATTENDOME_GENOMES", "a=/x:a=/y", "names 'a' twice; give each file a name of its own"),
        ("ATTENDOME_GENOMES", "playground=/x", "names 'playground', which has a meaning of its own"),
        ("ATTENDOME_GENOMES", "default=/x", "names 'default', which has a meaning of its own"),
        ("ATTENDOME_ANNOTATIONS", "/g.gtf", "holds '/g.gtf'; give name=file pairs .* mine=/data/genes.gtf.gz"),
    ]:
        with pytest.raises(SettingsError, match=f"^{name} {sentence}"):
            read_settings({name: value})


def test_assemblies_by_name() -> None:
    assert [assembly_named(name) for name in ("hg38", "GRCh38", "mm10", "playground", "mine")] == [
        "hg38",
        "hg38",
        "mm10",
        "playground",
        "unknown",
    ]
