"""Files with an index: the same answers as from reading all, from only the places asked for."""

from __future__ import annotations

import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from Bio import bgzf

from core.errors import AnnotationError, JobCancelledError, UnknownGeneError
from core.genome import Interval
from core.genome.annotation import Track
from core.genome.annotation_files import read_annotation
from core.genome.locate import locate
from core.genome.tabix import TabixAnnotation, index_of, open_annotation
from tests.core.genome.test_gtf import synthetic


def pack(path: Path, lines: list[str], preset: str = "gff", csi: bool = False) -> Path:
    """Sort, compress and index the lines as samtools' tools do."""
    import pysam

    start = 3 if preset == "gff" else 1
    kept = sorted((line for line in lines if line[0] != "#"), key=lambda n: (n.split()[0], int(n.split("\t")[start])))
    with bgzf.BgzfWriter(path) as file:
        file.write("".join(line.rstrip("\n") + "\n" for line in kept).encode())
    pysam.tabix_index(str(path), preset=preset, csi=csi, force=True)
    return path


@pytest.fixture(scope="module")
def real_lines(test_data: Path) -> list[str]:
    path = test_data / "tracks" / "hg19_chr9" / "gtf_chr9_4000000_6000000.gtf"
    return path.read_text().splitlines()


@pytest.mark.parametrize("csi", [False, True], ids=["tbi", "csi"])
def test_the_real_gtf_by_place_and_name(
    test_data: Path, real_lines: list[str], tmp_path: Path, csi: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "a.gtf.gz", real_lines, csi=csi)
    whole = read_annotation(test_data / "tracks" / "hg19_chr9" / "gtf_chr9_4000000_6000000.gtf")
    genes = open_annotation(path, assembly="hg19", cache_folder=tmp_path / "cache")
    assert isinstance(genes, TabixAnnotation)
    assert (genes.name, genes.assembly) == ("a.gtf.gz", "hg19")
    with monkeypatch.context() as patched:
        patched.setattr("core.genome.tabix.read_annotation", None)  # by place, nothing is read through
        draw = random.Random(1)
        for _ in range(60):
            start = draw.randrange(3_700_000, 6_300_000)
            place = Interval(draw.choice(["chr9", "9"]), start, start + draw.choice([1, 500, 196_608, 2_000_000]))
            found, expected = genes.genes_in(place), whole.genes_in(place)
            assert {g.identifier: g.interval for g in found} == {g.identifier: g.interval for g in expected}
            assert {t for g in found for t in g.transcripts} == {t for g in expected for t in g.transcripts}
            assert [g.interval.start for g in found] == sorted(g.interval.start for g in found)
        assert genes.genes_in(Interval("chr1", 0, 500)) == ()
        assert genes.genes_in(Interval("chr9", -500, 0)) == ()
        assert genes.regions_in(Interval("chr9", 4_000_000, 6_000_000)) == ()
    assert genes.find("jak2") == whole.find("JAK2")
    assert genes.search("GLIS") == whole.search("GLIS")
    with pytest.raises(UnknownGeneError, match=r"no gene 'JAKK2' in a\.gtf\.gz; type one such as JAK2"):
        genes.find("JAKK2")
    genes.close()


def test_a_gene_without_a_line_of_its_own(tmp_path: Path) -> None:
    lines = [f'chr1\tt\texon\t{at}\t{at + 9}\t.\t+\t.\tgene_id "G"; transcript_id "T";' for at in (100, 5_000, 90_000)]
    genes = TabixAnnotation(pack(tmp_path / "a.gtf.gz", lines), cache_folder=tmp_path)
    (gene,) = genes.genes_in(Interval("chr1", 4_990, 5_020))
    assert gene.interval == Interval("chr1", 99, 90_009, "+")
    assert len(gene.transcripts[0].exons) == 3
    genes.close()


def test_regions_and_genes_of_bed(test_data: Path, tmp_path: Path) -> None:
    states = test_data / "tracks" / "hg19_chr9" / "bed_chr9_4000000_6000000_chromstates.bed"
    whole = read_annotation(states)
    regions = open_annotation(pack(tmp_path / "s.bed.gz", states.read_text().splitlines(), "bed"))
    assert isinstance(regions, TabixAnnotation)
    place = Interval("chr9", 4_500_000, 4_696_608)
    assert regions.regions_in(place) == whole.regions_in(place)
    assert len(regions.regions_in(place)) > 10
    assert regions.genes_in(place) == ()
    with pytest.raises(UnknownGeneError, match="type another symbol"):
        regions.find("TSS")
    regions.close()
    lines = ["chr1\t10\t50\tT1\t0\t+\t12\t45\t0\t2\t10,5,\t0,35,\n", "chr2\t3\t9\tB\t0\t-\n"]
    genes = open_annotation(pack(tmp_path / "g.bed.gz", lines, "bed"))
    assert genes.genes_in(Interval("chr1", 0, 11))[0].transcripts[0].exons[1] == Interval("chr1", 45, 50, "+")
    assert genes.find("b").interval == Interval("chr2", 3, 9, "-")
    genes.close()


def test_names_of_a_large_file(tmp_path: Path) -> None:
    path = pack(tmp_path / "large.gtf.gz", synthetic(3_000).splitlines())
    assert path.stat().st_size < 5_000_000
    genes = TabixAnnotation(path, cache_folder=tmp_path / "cache")

    class Contigs:
        name, contigs = "toy", {"chr1": 30_000_000, "chr2": 30_000_000, "chr3": 30_000_000}

    def stop(fraction: float) -> None:
        raise JobCancelledError("Stopped.")

    with pytest.raises(JobCancelledError):
        locate("GENE2001", Contigs, genes, on_progress=stop)
    told: list[float] = []
    assert locate("GENE2001", Contigs, genes, width_bp=2, on_progress=told.append).chrom == "chr3"
    assert told == sorted(told)
    assert told[-1] > 0.5
    told.clear()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda n: genes.find("GENE3").interval, range(8)))) == 1
        places = [Interval("chr1", at, at + 50_000) for at in range(0, 900_000, 50_000)]
        assert all(pool.map(genes.genes_in, places))
    assert not told
    genes.close()


def test_no_index_an_old_one_or_one_that_does_not_fit(real_lines: list[str], tmp_path: Path) -> None:
    path = pack(tmp_path / "a.gtf.gz", real_lines)
    index = Path(f"{path}.tbi")
    good = index.read_bytes()
    expected = read_annotation(path).find("JAK2")
    other = pack(tmp_path / "b.gtf.gz", [line.replace("chr9", "chr8") for line in real_lines[:50]])
    for content in (good[: len(good) // 2], b"nonsense", Path(f"{other}.tbi").read_bytes()):
        index.write_bytes(content)
        with pytest.raises(AnnotationError, match=r"(cannot be read|does not fit it); make it again: sort the file"):
            TabixAnnotation(path)
        found = open_annotation(path)  # right all the same, if slower
        assert isinstance(found, Track)
        assert found.find("JAK2") == expected
    index.write_bytes(good)
    assert index_of(path) == index
    os.utime(index, ns=(0, 0))  # the file may have changed since
    assert index_of(path) is None
    with pytest.raises(AnnotationError, match="no index beside it that is as new as the file"):
        TabixAnnotation(path)
    index.unlink()
    assert isinstance(open_annotation(path), Track)
    with pytest.raises(AnnotationError, match=r"There is no file none\.gtf\.gz"):
        open_annotation(tmp_path / "none.gtf.gz")
    assert index_of(tmp_path / "none.gtf.gz") is None


def test_damage_and_change(real_lines: list[str], tmp_path: Path) -> None:
    path = pack(tmp_path / "a.gtf.gz", real_lines)
    state = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 50] = bytes(50)
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    genes = TabixAnnotation(path, cache_folder=tmp_path / "cache")
    with pytest.raises(AnnotationError, match=r"a\.gtf\.gz cannot be read at chr9:4,000,001-6,000,000: .* is damaged"):
        genes.genes_in(Interval("chr9", 4_000_000, 6_000_000))
    with pytest.raises(AnnotationError, match=r"a\.gtf\.gz is damaged"):
        genes.find("JAK2")
    shutil.copy(path, tmp_path / "copy")
    os.replace(tmp_path / "copy", path)
    path.write_bytes(content[:-30])
    with pytest.raises(AnnotationError, match="has changed since it was opened; open it again"):
        genes.genes_in(Interval("chr9", 4_000_000, 6_000_000))
    genes.close()
    with pytest.raises(AnnotationError, match="too wide"):
        TabixAnnotation(pack(tmp_path / "b.gtf.gz", real_lines)).genes_in(Interval("chr9", 0, 30_000_000))
