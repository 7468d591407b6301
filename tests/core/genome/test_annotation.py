"""Genes and regions from files: every coordinate by hand, every kind of broken line."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from Bio import bgzf

from core.errors import AnnotationError, InvalidLocusError, UnknownGeneError
from core.genome import Interval
from core.genome.annotation import Gene, Region, Track
from core.genome.annotation_files import read_annotation
from core.genome.bed import check_colour
from core.genome.chromatin import CHROMATIN_STATES, colour_of, state_of
from core.genome.fasta import LocalFasta
from core.genome.locate import locate
from core.genome.tabix import open_annotation

GTF = """\
#!genome-build toy
chr1\ttoy\tgene\t11\t50\t.\t-\t.\tgene_id "G1.2"; gene_name "ONE"; gene_biotype "protein_coding";
chr1\ttoy\ttranscript\t11\t50\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1"; transcript_name "ONE-201";
chr1\ttoy\texon\t41\t50\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1"; exon_number 1;
chr1\ttoy\texon\t11\t20\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1"; exon_number 2;
chr1\ttoy\tCDS\t15\t20\t.\t-\t0\tgene_id "G1.2"; transcript_id "T1";
chr1\ttoy\tstop_codon\t12\t14\t.\t-\t0\tgene_id "G1.2"; transcript_id "T1";
chr1\ttoy\texon\t1\t5\t.\t+\t.\tgene_id "G2"; transcript_id "T2";
chr1\ttoy\texon\t8\t9\t.\t+\t.\tgene_id "G2"; transcript_id "T2";
"""


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_gtf_by_hand(tmp_path: Path) -> None:
    track = read_annotation(write(tmp_path, "toy.gtf", GTF), assembly="toy1")
    assert (track.name, track.assembly) == ("toy.gtf", "toy1")
    second, first = track.genes  # by place
    assert (first.symbol, first.identifier, first.biotype) == ("ONE", "G1.2", "protein_coding")
    assert first.interval == Interval("chr1", 10, 50, "-")
    assert first.tss == 49  # the last base, typed as 50
    (transcript,) = first.transcripts
    assert (transcript.identifier, transcript.name) == ("T1", "ONE-201")
    assert transcript.exons == (Interval("chr1", 10, 20, "-"), Interval("chr1", 40, 50, "-"))
    assert transcript.coding == Interval("chr1", 11, 20, "-")
    # A gene without a line of its own reaches from its first to its last exon.
    assert (second.symbol, second.interval, second.tss) == ("G2", Interval("chr1", 0, 9, "+"), 0)
    assert second.transcripts[0].interval == Interval("chr1", 0, 9, "+")


def test_plain_gzip_and_bgzip_are_the_same(tmp_path: Path) -> None:
    plain = read_annotation(write(tmp_path, "a.gtf", GTF))
    (tmp_path / "a.gtf.gz").write_bytes(gzip.compress(GTF.encode()))
    with bgzf.BgzfWriter(tmp_path / "b.gtf.gz") as file:
        file.write(GTF.encode())
    windows = write(tmp_path, "c.gtf", GTF.replace("\n", "\r\n"))
    for path in (tmp_path / "a.gtf.gz", tmp_path / "b.gtf.gz", windows):
        assert tuple(read_annotation(path).genes) == tuple(plain.genes)


def test_bed12_by_hand(tmp_path: Path) -> None:
    line = "chr1\t10\t50\tT1\t0\t+\t12\t45\t0\t2\t10,5,\t0,35,\n"
    (gene,) = read_annotation(write(tmp_path, "a.bed", line)).genes
    assert (gene.symbol, gene.interval, gene.tss) == ("T1", Interval("chr1", 10, 50, "+"), 10)
    assert gene.transcripts[0].exons == (Interval("chr1", 10, 20, "+"), Interval("chr1", 45, 50, "+"))
    assert gene.transcripts[0].coding == Interval("chr1", 12, 45, "+")
    silent = line.replace("12\t45", "10\t10")
    assert read_annotation(write(tmp_path, "b.bed", silent)).genes[0].transcripts[0].coding is None


def test_bed_of_regions(tmp_path: Path) -> None:
    text = (
        'track name="x"\nbrowser position chr1\n#comment\n\n'
        "chr1\t5\t9\tTSS\t7.5\t.\t5\t9\t1,2,3\nchr1 0 5\nchr1\t9\t12\tWE\t0\t.\t9\t12\t0\n"
    )
    regions = read_annotation(write(tmp_path, "a.bed", text)).regions
    assert regions[0] == Region(Interval("chr1", 0, 5))
    assert regions[1] == Region(Interval("chr1", 5, 9), "TSS", 7.5, (1, 2, 3))
    assert regions[2].colour is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no lines with genes or regions"),
        ("# only words\n", "has no lines"),
        ("chr1\t5\n", r"Line 1 of a.x has 2 columns; BED has at least 3"),
        ("hello\n", "Line 1 of a.x has 1 column;"),
        ("chr1\tx\t9\n", "Line 1 of a.x has 'x' as its start; give a whole number"),
        ("chr1\t-1\t9\n", "has '-1' as its start"),
        ("chr1\t1\t9\nchr1\t9\t9\n", "Line 2 of a.x cannot be read: .* its end has to lie behind its start"),
        ("chr1\t1\t9\ta\t0\t?\n", "The strand is"),
        ("chr1\t1\t9\ta\t0\t.\t1\t9\t300,0,0\n", "has the colour '300,0,0'"),
        ("chr1\t1\t9\ta\t0\t.\t1\t9\tred\n", "has the colour 'red'"),
        ("chr1\t1\t9\ta\t0\t+\t1\t9\t0\t2\t4,\t0,\n", "says 2 blocks and lists 1 sizes and 1 starts"),
        ("chr1\t1\t9\ta\t0\t+\t1\t9\t0\t1\t40,\t0,\n", "has a block outside its start and end"),
        ("chr1\t1\t9\ta\t0\t+\t1\t9\t0\t1\tx,\t0,\n", "has 'x' as a block's size"),
        ('chr1\tt\tgene\tx\t9\t.\t+\t.\tgene_id "a";\n', "has 'x' as its start"),
        ('chr1\tt\tgene\t0\t9\t.\t+\t.\tgene_id "a";\n', "starts at 0; GTF counts from 1"),
        ('chr1\tt\tgene\t5\t3\t.\t+\t.\tgene_id "a";\n', "its end has to lie behind its start"),
        ("chr1\tt\tgene\t1\t9\t.\t+\t.\tID=gene1;Name=A\n", "names no gene_id .*GFF3; convert it: gffread -T"),
        ('chr1\tt\tgene\t1\t9\t.\t+\t.\tgene_id "a";\nchr1\tt\tgene\n', "Line 2 of a.x has 3 columns; GTF has 9"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(AnnotationError, match=sentence):
        read_annotation(write(tmp_path, "a.x", text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"There is no file none\.gtf"):
        read_annotation(tmp_path / "none.gtf")
    for content in (gzip.compress(GTF.encode())[:-20], b"\x1f\x8bxxxx", b"\xff\xfe\x00bad\n"):
        (tmp_path / "a.gtf").write_bytes(content)
        with pytest.raises(AnnotationError, match=r"a\.gtf is damaged, no text, or may not be read"):
            read_annotation(tmp_path / "a.gtf")


def test_files_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "a.gtf", GTF)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AnnotationError, match=r"a\.gtf is damaged, no text, or may not be read"):
        read_annotation(path)
    with pytest.raises(AnnotationError, match=r"a\.gtf is damaged, no text, or may not be read"):
        open_annotation(path)


def test_overlaps_against_looking_at_all() -> None:
    draw = random.Random(6)
    regions = []
    for _ in range(300):
        start = draw.randrange(0, 1_000)
        width = draw.choice([1, 5, 40, 700])
        regions.append(Region(Interval(draw.choice(["chr1", "chr2"]), start, start + width), str(len(regions))))
    track = Track("toy", regions=tuple(regions))
    for _ in range(300):
        start = draw.randrange(-20, 1_100)
        place = Interval(draw.choice(["chr1", "2", "chr3"]), start, start + draw.choice([1, 10, 300]))
        found = track.regions_in(place)
        assert {region.name for region in found} == {r.name for r in regions if r.interval.overlaps(place)}
        assert [r.interval.start for r in found] == sorted(r.interval.start for r in found)


def test_touching_is_not_overlapping() -> None:
    track = Track("toy", genes=(Gene("A", "", Interval("chr1", 10, 20, "+")),))
    assert track.genes_in(Interval("chr1", 19, 30))
    assert not track.genes_in(Interval("chr1", 20, 30))
    assert track.genes_in(Interval("1", 0, 11))
    assert not track.genes_in(Interval("chr1", 0, 10))


def test_the_real_genes_of_the_megabase(test_data: Path, tmp_path: Path) -> None:
    track = read_annotation(test_data / "genome" / "hg38_chr1_1mb_genes.bed", assembly="hg38")
    assert len(track.genes) == 12
    first = track.find("or4f5")
    assert (first.identifier, first.biotype) == ("ENSG00000186092", "protein_coding")
    assert first.interval == Interval("chr1", 69_090, 70_008, "+")
    assert first.interval.locus == "chr1:69,091-70,008(+)"
    assert first.tss == 69_090
    assert track.find("ENSG00000188976.11").symbol == "NOC2L"
    assert track.find("NOC2L").tss == 959_298  # "-" strand: the last base
    window = Interval("chr1", 10_000, 206_608)
    assert [gene.symbol for gene in track.genes_in(window)] == ["FAM138A", "FAM138F", "OR4F5"]
    assert [gene.symbol for gene in track.search("fam")] == ["FAM41C", "FAM87B", "FAM138A", "FAM138F"]
    assert [gene.symbol for gene in track.search("HL17")] == ["KLHL17"]
    assert track.search(" ") == ()
    assert len(track.search("F", limit=2)) == 2
    with pytest.raises(UnknownGeneError, match=r"no gene 'NOCL2' in hg38_.*; type one such as NOC2L") as caught:
        track.find("NOCL2")
    assert caught.value.nearest[0] == "NOC2L"
    with pytest.raises(UnknownGeneError, match="type another symbol, or a place as"):
        track.find("????????")

    genome = LocalFasta(test_data / "genome" / "hg38_chr1_1mb.fa.gz", index_folder=tmp_path)
    assert locate("OR4F5", genome, track) == first.interval
    assert locate(" noc2l ", genome, track, width_bp=196_608).centre == 959_298
    # The start codon of OR4F5's single-exon form lies at its first base in this file.
    assert genome.fetch(locate("OR4F5", genome, track, width_bp=2)).endswith("A")
    assert genome.fetch(Interval("chr1", 69_090, 69_093)) == "ATG"
    assert locate("chr1:100-200", genome, track) == Interval("chr1", 99, 200)
    assert locate("1", genome, track) == Interval("chr1", 0, 1_000_000)
    assert locate("1-100-200", genome, track) == Interval("chr1", 99, 200)
    with pytest.raises(UnknownGeneError, match="such as NOC2L"):
        locate("NOCL2", genome, track)
    with pytest.raises(
        UnknownGeneError, match=r"no chromosome of .* no genes are loaded here; type a place such as chr1"
    ):
        locate("NOC2L", genome)
    with pytest.raises(InvalidLocusError, match="'rs6025' is the name of a variant in a database"):
        locate("rs6025", genome)
    with pytest.raises(UnknownGeneError) as caught:
        locate("A" * 150, genome)
    assert len(str(caught.value)) < 200
    for text, sentence in [
        ("NOC2L+1000", "type one such as NOC2L"),
        ("rs6025", "'rs6025' is the name of a variant in a database; type its place, such as chr1:"),
        ("35,082,742", "names no chromosome"),
        ("chr2:5", "no chromosome 'chr2'"),
        ("chr1:1,000,001", "behind the end of chr1, which has 1,000,000 base pairs"),
        ("chr1:0-5", "counted from 1"),
        ("chr1:9-5", "ends at 5, before it starts at 9"),
        ("", "There is no locus here"),
    ]:
        with pytest.raises(InvalidLocusError, match=sentence):
            locate(text, genome, track)
    assert locate("  chr1 : 69,091 – 70,008 ", genome, track) == Interval("chr1", 69_090, 70_008)
    assert locate("chr1 0.5M", genome, track, width_bp=2) == Interval("chr1", 499_998, 500_000)
    elsewhere = Track("toy", genes=(Gene("FAR", "", Interval("chr9", 5, 9, "+")),))
    with pytest.raises(InvalidLocusError, match=r"FAR lies at chr9:6-9\(\+\), which .* does not have"):
        locate("FAR", genome, elsewhere)
    genome.close()


def test_the_real_gtf(test_data: Path) -> None:
    track = read_annotation(test_data / "tracks" / "hg19_chr9" / "gtf_chr9_4000000_6000000.gtf", assembly="hg19")
    assert len(track.genes) == 55
    assert sum(len(gene.transcripts) for gene in track.genes) >= 139
    gene = track.find("JAK2")
    assert gene.interval == Interval("chr9", 4_985_032, 5_128_183, "+")
    transcript = next(t for t in gene.transcripts if t.identifier == "ENST00000381652")
    assert transcript.interval == Interval("chr9", 4_985_244, 5_128_183, "+")
    assert len(transcript.exons) == 25
    assert transcript.coding == Interval("chr9", 5_021_987, 5_126_791, "+")
    # The stop codon counts: the coding length is a whole number of codons of three.
    assert sum(max(0, min(e.end, 5_126_791) - max(e.start, 5_021_987)) for e in transcript.exons) == 3 * 1_133
    assert track.find("GLIS3").tss == 4_348_391


def test_the_real_states(test_data: Path) -> None:
    track = read_annotation(test_data / "tracks" / "hg19_chr9" / "bed_chr9_4000000_6000000_chromstates.bed")
    assert len(track.regions) == 508
    assert not track.genes
    assert track.regions[1] == Region(Interval("chr9", 4_073_200, 4_073_800), "8_Insulator", 0.0, (10, 190, 254))
    assert colour_of(track.regions[1]) == (10, 190, 254)
    assert state_of(track.regions[1]) is None


def test_the_seven_states() -> None:
    assert [state.code for state in CHROMATIN_STATES] == ["TSS", "PF", "E", "WE", "CTCF", "T", "R"]
    place = Interval("chr1", 0, 5)
    assert colour_of(Region(place, "WE")) == (255, 252, 4)
    assert colour_of(Region(place, "WE", colour=(1, 2, 3))) == (1, 2, 3)  # as given
    assert colour_of(Region(place, "x")) is None
    assert check_colour("255,0,0,", "Line 1") == (255, 0, 0)
