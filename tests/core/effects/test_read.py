"""Reading variants: real records, and every way in which a file can be wrong; what is good is read all the same."""

from __future__ import annotations

import gzip
import tracemalloc
from io import BytesIO
from pathlib import Path

import pysam
import pytest

from core.effects import read_text, read_variants
from core.effects.read import VariantReader
from core.effects.records import Record
from core.errors import VariantFileError
from core.genome import Interval, Variant, open_genome
from core.teaching.playground.files import playground_people
from tests.core.effects.toys import ToyGenome, random_letters

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
GENOME = ToyGenome(chr1="ACGTACGTTTTTGCAGCATCAGGATTACAC" + random_letters(200), chr2=random_letters(50, 1))


def lines(*records: str) -> str:
    return HEAD + "".join(f"{record}\n" for record in records)


def reasons(text: str, genome: ToyGenome | None = GENOME) -> tuple[list[str], list[tuple[int, str]]]:
    variants, rejected = read_text(text, genome)
    return [str(variant) for variant in variants], [(one.line, one.reason) for one in rejected]


def test_real_records_match_the_reference(test_data: Path) -> None:
    genome = open_genome(test_data / "genome" / "hg38_chr1_1mb.fa.gz")
    variants, rejected = read_variants(test_data / "variants" / "baskerville_eqtl.vcf", genome)
    assert (len(variants), rejected) == (8, ())
    assert str(variants[0]) == "chr1:14677:G:A"
    for variant in variants:
        assert genome.fetch(variant.interval) == variant.ref


def test_real_insertion(test_data: Path) -> None:
    """It parses; and written further right in a genome where its letters are repeated, it moves to the left."""
    path = test_data / "variants" / "basenji_regulatory_validated.vcf"
    variants, rejected = read_variants(path)
    assert (len(variants), rejected) == (16, ())
    (insertion,) = [variant for variant in variants if variant.kind == "insertion"]
    assert (str(insertion), insertion.length_change_bp) == ("chr1:226595403:A:AGGGCCC", 6)
    toy = ToyGenome(chr1="TTTTTTTTTAGGGCCCGGGTCA")
    right = Variant("chr1", 16, "C", "CGGGCCC")
    assert read_text(lines("chr1\t16\t.\tC\tCGGGCCC"), toy)[0] == (Variant("chr1", 10, "A", insertion.alt),)
    assert right.normalise(toy.fetch).alt == insertion.alt


@pytest.mark.parametrize("pack", ["plain", "gzip", "bgzip", "name without ending", "file opened for bytes"])
def test_as_pysam_reads_it(tmp_path: Path, pack: str) -> None:
    """The same records as pysam's own reader, however the file is packed and called."""
    with pysam.VariantFile(str(playground_people())) as peer:
        expected = [(one.chrom, one.pos, one.ref, one.alts[0]) for one in peer][:300]
    text = gzip.decompress(playground_people().read_bytes()).decode()
    text = "".join(line + "\n" for line in text.splitlines()[: 300 + sum(x[0] == "#" for x in text.splitlines())])
    path = tmp_path / ("people.txt" if pack == "name without ending" else "people.vcf.gz")
    if pack == "bgzip":
        with pysam.BGZFile(str(path), "wb") as file:
            file.write(text.encode())
    else:
        path.write_bytes(text.encode() if pack == "plain" else gzip.compress(text.encode()))
    source = BytesIO(path.read_bytes()) if pack == "file opened for bytes" else path
    variants, rejected = read_variants(source)
    assert rejected == ()
    assert [(v.chrom, v.position, v.ref, v.alt) for v in variants] == expected


def test_every_bad_record_is_listed_and_the_rest_is_read() -> None:
    good, bad = reasons(
        lines(
            "chr1\t5\t.\tA\tG,T,<DEL>,*,.",
            "chr1\t0\t.\tA\tG",
            "chr1\t9999\t.\tA\tG",
            "chr1\t5\t.\tA\tA",
            "chr1\t5\t.\tA\tR",
            "chr1\t5\t.\tN\tA",
            "chr1\t5\t.\tA\t.",
            "chr1\t5",
            "chr1\tfive\t.\tA\tG",
            "chrQ\t5\t.\tA\tG",
            "chr1\t5\t.\tA\tG[chr2:3[",
            f"chr1\t5\t.\t{'A' * 50_000}\tA",
            "chr1\t6\t.\tCGT\tC",
        )
    )
    assert good == ["chr1:5:A:G", "chr1:5:A:T", "chr1:6:CGT:C"]
    words = ["symbol", "deleted by another", "missing", "counted from 1", "behind the end", "changes nothing"]
    words += ["with R", "with N", "missing", "2 columns", "no whole number", "no chromosome 'chrQ'", "symbol"]
    words += ["50,000 letters"]
    assert [line for line, _ in bad] == [3, 3, 3, *range(4, 15)]
    for (_, reason), word in zip(bad, words, strict=True):
        assert word in reason


@pytest.mark.parametrize(
    ("record", "offer", "words"),
    [
        ("chr1\t5\t.\tG\tA", "chr1:5:A:G", "swapped"),
        ("chr1\t13\t.\tC\tT", "chr1:13:G:A", "other strand"),
        ("chr1\t13\t.\tA\tC", "chr1:13:G:T", "other strand, and swapped"),
        ("chr1\t22\t.\tGATT\tG", "chr1:23:GATT:G", "counted from 0"),
        ("chr1\t24\t.\tGATT\tG", "chr1:23:GATT:G", "one too large"),
        ("chr1\t5\t.\tC\tG", None, "another assembly"),
    ],
)
def test_what_was_probably_meant(record: str, offer: str | None, words: str) -> None:
    variants, (rejected, _) = read_text(lines(record), GENOME)
    assert variants == ()
    assert words in rejected.reason
    assert (None if rejected.offer is None else str(rejected.offer)) == offer
    if rejected.offer is not None:
        assert GENOME.fetch(rejected.offer.interval) == rejected.offer.ref


def test_left_normalised_with_a_genome_as_given_without() -> None:
    text = lines("chr1\t11\t.\tTT\tT", "1\t12\t.\tTGC\tTG")
    assert reasons(text)[0] == ["chr1:7:GT:G", "chr1:13:GC:G"]
    assert reasons(text, None)[0] == ["chr1:11:TT:T", "1:12:TGC:TG"]


def test_duplicates_and_order() -> None:
    """Unsorted is fine; the same change, however it is written, is read once."""
    good, bad = reasons(lines("chr2\t5\t.\t" + GENOME.letters["chr2"][4] + "\tACGT", "chr1\t11\t.\tTT\tT",
                              "chr1\t5\t.\tA\tG,G", "chr1\t8\t.\tTT\tT"))  # fmt: skip
    assert good[1:] == ["chr1:7:GT:G", "chr1:5:A:G"]
    assert [line for line, _ in bad] == [5, 6]
    assert "line 5" in bad[0][1]
    assert "line 4" in bad[1][1]


def test_line_ends_spaces_and_byte_order_mark() -> None:
    expected = ["chr1:5:A:G", "chr1:6:C:T"]
    text = lines("chr1\t5\t.\tA\tG", "chr1\t6\t.\tC\tT")
    for changed in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text, text + "\n\n"):
        assert reasons(changed) == (expected, [])
    assert reasons(text.replace("\t", "  ")) == (expected, [])
    reader = VariantReader(BytesIO(text.replace("\t", " ").encode()), GENOME)
    assert all(isinstance(one, Record) for one in reader)
    assert reader.notes == ("2 lines have spaces in the place of tabs; they were read all the same.",)


def test_header_only_and_empty() -> None:
    for text, words in ((HEAD, "no variant"), ("", "empty")):
        good, ((line, reason),) = reasons(text)
        assert (good, line) == ([], 0)
        assert words in reason


@pytest.mark.parametrize("pack", ["gzip", "bgzip"])
def test_truncated(tmp_path: Path, pack: str) -> None:
    """What came before the cut is read, and the cut is told."""
    text = lines(*(f"chr1\t{n}\t{random_letters(40, n)}\t{GENOME.letters['chr1'][n - 1]}\t." for n in range(1, 200)))
    text = text.replace("\t.\n", "\tACGTACGT\n")
    path = tmp_path / "cut.vcf.gz"
    if pack == "bgzip":
        with pysam.BGZFile(str(path), "wb") as file:
            file.write(text.encode())
    else:
        path.write_bytes(gzip.compress(text.encode()))
    whole = path.read_bytes()
    assert len(read_variants(path)[0]) == 199
    path.write_bytes(whole[: len(whole) * 2 // 3])
    variants, rejected = read_variants(path)
    assert 50 < len(variants) < 199
    assert (rejected[-1].line, "cut short" in rejected[-1].reason) == (0, True)
    if pack == "bgzip":
        path.write_bytes(whole[:-28])  # without the end mark
        variants, (last,) = read_variants(path)
        assert len(variants) == 199
        assert "end mark" in last.reason
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(60) + whole[middle + 60 :])
    variants, rejected = read_variants(path)
    assert "damaged" in rejected[-1].reason
    assert 50 < len(variants) < 199


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "Excel"),
        (gzip.compress(b"BCF\x02\x02rest", mtime=0), "bcftools"),
        ("chr1\t5".encode("utf-16"), "UTF-16"),
        (b"chr1\t5\0\0\0", "no text"),
    ],
)
def test_what_is_no_text(content: bytes, words: str) -> None:
    with pytest.raises(VariantFileError, match=words):
        read_variants(BytesIO(content))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(VariantFileError, match="cannot be opened"):
        read_variants(tmp_path / "none.vcf")


def test_other_assembly() -> None:
    """Told from the header's lengths, or from many records that disagree."""
    header = lines("chr1\t5\t.\tA\tG").replace("#CHROM", "##contig=<ID=1,length=249250621>\n#CHROM")
    _, ((line, reason),) = reasons(header)
    assert line == 0
    assert "249,250,621 base pairs, as in hg19" in reason
    wrong = [f"chr1\t{n}\t.\t{'CCAATGCATT'[n]}\tACGTA" for n in range(1, 10)]
    _, bad = reasons(lines(*wrong, "chr1\t5\t.\tA\tG"))
    assert "another assembly" in bad[-1][1]
    assert bad[-1][0] == 0


def test_limit() -> None:
    variants, (last,) = read_text(lines(*(f"chr1\t5\t.\tA\tG{'T' * n}" for n in range(9))), GENOME, most=4)
    assert len(variants) == 4
    assert "more than 4 variants" in last.reason


class Endless:
    """60 MB of records, made as they are read; a long line among them."""

    def __init__(self) -> None:
        self.left = 60 * 1024**2
        self.place = 0

    def read(self, count: int) -> bytes:
        if self.left <= 0:
            return b""
        self.place += 1
        self.left -= count
        if self.place == 1:
            return HEAD.encode()
        if 10 <= self.place < 100:
            return b"A" * count  # one line of 23 MB
        return (f"\nchr1\t{self.place}\t.\tA\tG\t.\t.\t" + "x" * count)[: count - 1].encode() + b"\n"


def test_any_size_in_little_memory() -> None:
    tracemalloc.start()
    try:
        found = list(VariantReader(Endless(), name="big.vcf"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(isinstance(one, Record) for one in found) > 100
    (long,) = [one for one in found if not isinstance(one, Record)]
    assert "16 MB" in long.reason
    assert peak < 100 * 1024**2


def test_tables() -> None:
    """Columns by name in any order, other columns kept; whole variants in one; lists without a first line."""
    tables = {
        "chr,pos,alt,ref,causal\n1,5,G,A,yes\nchr1,6,T,C,no\n": ["chr1:5:A:G", "chr1:6:C:T"],
        "variant_id\teffect\nchr1_5_A_G_b38\t0.5\nchr1:6:C:T\t-1\n": ["chr1:5:A:G", "chr1:6:C:T"],
        "chr1-5-A-G\nchr1:6 C>T\nchr1:g.8del\n": ["chr1:5:A:G", "chr1:6:C:T", "chr1:7:GT:G"],
        "chr1 5 . A G\nchr1\t6\trs1\tC\tT\t.\n": ["chr1:5:A:G", "chr1:6:C:T"],
        "#chrom\tpos\tref\talt\nchr1\t5\tA\tG\n": ["chr1:5:A:G"],
        "chr1,5,A,G\nchr1,6,C,T": ["chr1:5:A:G", "chr1:6:C:T"],
    }
    for text, expected in tables.items():
        assert reasons(text) == (expected, []), text
    first = next(iter(tables))
    records = list(VariantReader(BytesIO(first.encode()), GENOME))
    assert [record.fields for record in records] == [{"causal": "yes"}, {"causal": "no"}]
    assert [record.line for record in records] == [2, 3]
    good, ((line, reason),) = reasons("chr,pos,ref,alt\n1,5,A,G\n1,x,A,G,7\n")
    assert (good, line) == (["chr1:5:A:G"], 3)
    assert "5 columns" in reason


def test_fetches_of_the_genome_are_shared() -> None:
    """Records close together are checked with one look at the genome."""
    calls: list[Interval] = []

    class Counting(ToyGenome):
        def fetch(self, interval: Interval, **more: object) -> str:
            calls.append(interval)
            return super().fetch(interval)

    counting = Counting(chr1=GENOME.letters["chr1"])
    assert len(read_text(lines(*(f"chr1\t{n}\t.\tT\tA" for n in (8, 9, 10, 11, 12))), counting)[0]) == 5
    assert len(calls) == 1
