"""GTF in any order and dialect, kept as columns; large files are read once, tell their progress and can be stopped."""

from __future__ import annotations

import gzip
import random
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import AnnotationError, JobCancelledError
from core.genome import Interval
from core.genome.annotation import Track
from core.genome.annotation_files import KEEP_FROM_BYTES, read_annotation
from core.genome.gene_columns import GeneColumns
from core.genome.gene_names import GeneNames
from core.genome.gtf import read_gtf

LINES = [
    'chr1\tt\tgene\t11\t50\t.\t-\t.\tgene_id "G1.2"; gene_name "ONE"; gene_biotype "protein_coding";',
    'chr1\tt\ttranscript\t11\t50\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1"; transcript_name "ONE-201";',
    'chr1\tt\texon\t41\t50\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1"; exon_number 1;',
    'chr1\tt\texon\t11\t20\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1"; exon_number 2;',
    'chr1\tt\tCDS\t15\t20\t.\t-\t0\tgene_id "G1.2"; transcript_id "T1";',
    'chr1\tt\tstop_codon\t12\t14\t.\t-\t0\tgene_id "G1.2"; transcript_id "T1";',
    'chr1\tt\texon\t1\t5\t.\t+\t.\tgene_id "G2"; transcript_id "T2";',
    'chr1\tt\texon\t8\t9\t.\t+\t.\tgene_id "G2"; transcript_id "T2";',
    'chr1\tt\tUTR\t3\t60\t.\t+\t.\tgene_id "G2"; transcript_id "T9";',
    'chr2\tt\texon\t8\t9\t.\t+\t.\tgene_id "G2"; transcript_id "T2";',
]


def genes_of(lines: list[str]) -> tuple:
    return tuple(read_gtf("toy.gtf", enumerate(lines, 1)))


def test_any_order_of_lines_gives_the_same_genes() -> None:
    expected = genes_of(LINES)
    assert [(g.symbol, g.interval) for g in expected] == [
        ("G2", Interval("chr1", 0, 60, "+")),  # a UTR counts for its gene
        ("ONE", Interval("chr1", 10, 50, "-")),
        ("G2", Interval("chr2", 7, 9, "+")),  # one name on two chromosomes is two genes
    ]
    assert [t.identifier for t in expected[0].transcripts] == ["T2"]  # but makes no transcript
    assert expected[0].transcripts[0].exons == (Interval("chr1", 0, 5, "+"), Interval("chr1", 7, 9, "+"))
    one = expected[1].transcripts[0]
    assert (one.coding, one.biotype, one.tss) == (Interval("chr1", 11, 20, "-"), "", 49)
    draw = random.Random(1)
    for _ in range(20):
        lines = LINES[:]
        draw.shuffle(lines)
        found = genes_of(lines)
        assert {(g.symbol, g.interval, g.biotype, g.transcripts) for g in found} == {
            (g.symbol, g.interval, g.biotype, g.transcripts) for g in expected
        }


@pytest.mark.parametrize(
    "attributes",
    [
        'gene_id "G1"; transcript_id "T1"; gene_name "ONE"; gene_type "x";',
        'transcript_id "T1"; gene_id "G1"; gene_name "ONE"; gene_biotype "x"',  # as gffread writes
        "gene_id G1; transcript_id T1; gene_name ONE; gene_type x;",
        'gene_id "G1";transcript_id "T1";gene_name "ONE";gene_type "x"',
        'ref_gene_id "other"; gene_id "G1"; ref_transcript_id "o"; transcript_id "T1"; gene_name "ONE"; gene_type "x";',
        'note "gene_id of old; transcript_id too"; gene_id "G1"; transcript_id "T1"; gene_name "ONE"; gene_type "x";',
    ],
)
def test_dialects(attributes: str) -> None:
    (gene,) = genes_of([f"chr1\tt\texon\t5\t9\t.\t+\t.\t{attributes}"])
    assert (gene.symbol, gene.identifier, gene.biotype) == ("ONE", "G1", "x")
    assert [t.identifier for t in gene.transcripts] == ["T1"]


def test_genes_with_little_said() -> None:
    (gene,) = genes_of(['chr1\tt\tgene\t5\t9\t.\t.\t.\tgene_id "G1"; transcript_id ""; db_xref "x";'])  # as NCBI writes
    assert (gene.symbol, gene.transcripts, gene.interval.strand) == ("G1", (), ".")
    (gene,) = genes_of(['chr1\tt\ttranscript\t5\t9\t.\t+\t.\tgene_name "ONE"; transcript_id "T1";'])
    assert (gene.symbol, gene.identifier) == ("ONE", "")
    assert gene.transcripts[0].exons == (gene.interval,)  # the file tells of none


def test_more_broken_lines() -> None:
    rest = '.\t+\t.\tgene_id "a";'
    for first, last, sentence in [
        ("1_0", "20", "has '1_0' as its start"),
        ("+5", "20", r"has '\+5' as its start"),
        ("5", "9" * 30, "as its end; give a whole number"),
        ("²", "20", "has '²' as its start"),
    ]:
        with pytest.raises(AnnotationError, match=sentence):
            genes_of([LINES[0], f"chr1\tt\tgene\t{first}\t{last}\t{rest}"])
    with pytest.raises(AnnotationError, match=r"Line 1 of toy\.gtf cannot be read: 'chr 1' is no name"):
        genes_of([f"chr 1\tt\tgene\t5\t9\t{rest}"])


def test_gff3_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.gff3"
    path.write_text("##gff-version 3\n#comment\nchr1\tt\tgene\t1\t9\t.\t+\t.\tID=gene1;Name=A\n")
    with pytest.raises(AnnotationError, match=r"a\.gff3 is a GFF3 file; convert it to GTF \(gffread -T\)"):
        read_annotation(path)
    path.write_text("##gff-version 2\n" + LINES[0])
    assert read_annotation(path).find("ONE")


def test_there_and_back() -> None:
    columns = read_gtf("toy.gtf", enumerate(LINES, 1))
    again = GeneColumns.from_bytes(columns.to_bytes())
    assert tuple(again) == tuple(columns)
    assert len(again) == 3
    assert again[-1] == columns[2]
    assert again[:2] == (columns[0], columns[1])
    with pytest.raises(IndexError):
        columns[3]
    with pytest.raises(ValueError, match="read-only"):
        columns.genes[0, 0] = 1
    empty = read_gtf("toy.gtf", [])
    assert len(GeneColumns.from_bytes(empty.to_bytes())) == 0
    assert Track("toy", genes=empty).genes_in(Interval("chr1", 0, 5)) == ()
    with pytest.raises(ValueError, match="identifiers has 0 entries instead of 3"):
        GeneColumns(**{**{f: getattr(columns, f) for f in columns.__dataclass_fields__}, "identifiers": ()})


def synthetic(genes: int) -> str:
    """A file as GENCODE's: genes one after the other on three chromosomes."""
    draw = random.Random(1)
    lines = ["##format: gtf\n"]
    for number in range(genes):
        start = 10_000 + 20_000 * (number % 1_000)
        chrom, strand = f"chr{1 + number // 1_000}", draw.choice("+-")
        gene = f'gene_id "ENSG{number:011d}.1"; gene_type "protein_coding"; gene_name "GENE{number}";'
        lines.append(f"{chrom}\tt\tgene\t{start}\t{start + 9_999}\t.\t{strand}\t.\t{gene}\n")
        for part in range(2):
            name = f"ENST{2 * number + part:011d}.1"
            said = f'gene_id "ENSG{number:011d}.1"; transcript_id "{name}"; transcript_name "GENE{number}-20{part}"; '
            said += 'tag "basic"; tag "appris_principal_1"; havana_gene "OTTHUMG00000001094.4"; level 2;'
            lines.append(f"{chrom}\tt\ttranscript\t{start}\t{start + 9_999}\t.\t{strand}\t.\t{said}\n")
            for exon in range(5):
                at = start + 2_000 * exon
                lines.append(f"{chrom}\tt\texon\t{at}\t{at + 999}\t.\t{strand}\t.\t{said} exon_number {exon};\n")
    return "".join(lines)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gtf") / "large.gtf"
    path.write_text(synthetic(3_000))
    assert path.stat().st_size > KEEP_FROM_BYTES
    return path


def test_a_large_file_is_read_once(large: Path, tmp_path: Path) -> None:
    told: list[float] = []
    begin = time.perf_counter()
    first = read_annotation(large, on_progress=told.append, cache_folder=tmp_path)
    assert time.perf_counter() - begin < 10  # measured 0.3 s
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 1
    assert isinstance(first.genes, GeneColumns)
    assert first.genes.nbytes < large.stat().st_size / 8
    told.clear()
    second = read_annotation(large, on_progress=told.append, cache_folder=tmp_path)
    assert not told  # from the cache folder
    place = Interval("chr2", 1_000_000, 1_196_608)
    assert second.genes_in(place) == first.genes_in(place)
    assert [g.symbol for g in second.genes_in(place)] == [f"GENE{n}" for n in range(1_050, 1_060)]
    gene = second.find("gene2999")
    assert (gene.interval.locus[:-3], len(gene.transcripts)) == ("chr3:19,990,000-19,999,999", 2)
    assert [exon.width_bp for exon in gene.transcripts[1].exons] == [1_000] * 5


def test_a_damaged_or_old_entry_is_not_believed(large: Path, tmp_path: Path) -> None:
    expected = read_annotation(large, cache_folder=tmp_path).find("GENE7")
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    good = kept.read_bytes()
    for damage in (b"", good[:-100], good[:5_000] + b"\0" * 50 + good[5_050:]):
        kept.write_bytes(damage)
        told: list[float] = []
        assert read_annotation(large, on_progress=told.append, cache_folder=tmp_path).find("GENE7") == expected
        assert told
        assert kept.read_bytes() == good
    copy = tmp_path / "copy.gtf"
    copy.write_bytes(large.read_bytes())
    assert read_annotation(copy, cache_folder=tmp_path / "c").find("GENE7")
    copy.write_text(synthetic(3_000).replace('"GENE7"', '"SEVEN"'))  # changed since
    assert read_annotation(copy, cache_folder=tmp_path / "c").find("SEVEN").interval == expected.interval


def test_stopping_leaves_nothing(large: Path, tmp_path: Path) -> None:
    def stop(fraction: float) -> None:
        raise JobCancelledError("Stopped.")

    packed = tmp_path / "packed.gtf.gz"
    packed.write_bytes(gzip.compress(large.read_bytes(), 1))
    for path in (large, packed):
        with pytest.raises(JobCancelledError):
            read_annotation(path, on_progress=stop, cache_folder=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_names_that_look_alike_among_many() -> None:
    draw = np.random.default_rng(1)
    names = ["".join(draw.choice(list("ABCDEFGHIKLM"), 4)) + str(n) for n in range(60_000)]
    index = GeneNames((name, f"ENSG{n}.1") for n, name in enumerate([*names, "BRCA1", "HLA-A"]))
    begin = time.perf_counter()
    assert index.nearest("brcca1")[0] == "BRCA1"
    assert index.nearest("HLAA")[0] == "HLA-A"
    assert time.perf_counter() - begin < 5  # measured 0.2 s
    assert index.find("hla-a") == [60_001]
    assert index.find("ENSG5.9") == [5]
    assert index.nearest("?") == ()


def test_the_real_file_against_plain_reading(test_data: Path) -> None:
    path = test_data / "tracks" / "hg19_chr9" / "gtf_chr9_4000000_6000000.gtf"
    exons: dict[str, list[tuple[int, int]]] = {}
    coding: dict[str, list[int]] = {}
    spans: dict[str, tuple[str, int, int, str]] = {}
    for line in path.read_text().splitlines():
        _, _, feature, first, last, _, strand, _, attributes = line.split("\t")
        said = dict(part.strip().split(" ", 1) for part in attributes.split(";") if part.strip() and "tag" not in part)
        name = said.get("transcript_id", '""').strip('"')
        start, end = int(first) - 1, int(last)
        if feature == "gene":
            spans[said["gene_id"].strip('"')] = (said["gene_name"].strip('"'), start, end, strand)
        elif feature == "exon":
            exons.setdefault(name, []).append((start, end))
        elif feature in ("CDS", "stop_codon"):
            coding.setdefault(name, []).extend((start, end))
    track = read_annotation(path)
    assert {g.identifier: (g.symbol, g.interval.start, g.interval.end, g.interval.strand) for g in track.genes} == spans
    found = [transcript for gene in track.genes for transcript in gene.transcripts]
    assert {t.identifier: [(e.start, e.end) for e in t.exons] for t in found} == {
        name: sorted(places) for name, places in exons.items()
    }
    assert {t.identifier: (t.coding.start, t.coding.end) for t in found if t.coding} == {
        name: (min(places), max(places)) for name, places in coding.items()
    }
