"""FASTA files on this disk, plain and bgzip, against plain reading of the same letters."""

from __future__ import annotations

import gc
import gzip
import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from Bio import bgzf

from core.errors import GenomeFileError, InvalidLocusError, ReferenceMismatchError
from core.genome import Interval, Variant
from core.genome.fasta import LocalFasta
from core.genome.reference import Reference, assembly_of, check_variant, fetch_padded
from tests.full_disk import full_disk

LETTERS = {
    "chr1": "".join(random.Random(1).choices("ACGTacgtN", k=137)),
    "chr2": "".join(random.Random(2).choices("ACGT", k=60)),  # a whole number of lines
    "chrM": "A",
}


def fasta_text(letters: dict[str, str] = LETTERS, width: int = 20, end: str = "\n") -> str:
    lines = []
    for name, sequence in letters.items():
        lines += [f">{name} some words", *(sequence[i : i + width] for i in range(0, len(sequence), width))]
    return end.join([*lines, ""])


def write_bgzip(path: Path, text: str) -> None:
    with bgzf.BgzfWriter(path) as file:
        file.write(text.encode())


@pytest.fixture
def index_folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "indexes"


@pytest.fixture(params=["plain", "bgzip", "windows"])
def fasta(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "bgzip":
        path = tmp_path / "toy.fa.gz"
        write_bgzip(path, fasta_text())
    else:
        path = tmp_path / "toy.fa"
        path.write_bytes(fasta_text(end="\r\n" if request.param == "windows" else "\n").encode())
    return path


@pytest.fixture(scope="module")
def real_letters(test_data: Path) -> str:
    with gzip.open(test_data / "genome" / "hg38_chr1_1mb.fa.gz", "rt") as file:
        header, *lines = file.read().split("\n")
    assert header == ">chr1"
    return "".join(lines)


def test_every_interval_of_a_small_file(fasta: Path, index_folder: Path) -> None:
    genome = LocalFasta(fasta, index_folder=index_folder)
    assert isinstance(genome, Reference)
    assert dict(genome.contigs) == {"chr1": 137, "chr2": 60, "chrM": 1}
    assert genome.assembly == "unknown"
    for name, letters in LETTERS.items():
        length = len(letters)
        padded = "N" * 5 + letters.upper() + "N" * 5
        step = 7 if length > 100 else 1
        for start in range(-5, length, step):
            for end in range(max(1, start + 1), length + 6, step):
                assert genome.fetch(Interval(name, start, end)) == padded[start + 5 : end + 5]
    genome.close()


def test_first_and_last_base_by_hand(fasta: Path, index_folder: Path) -> None:
    genome = LocalFasta(fasta, index_folder=index_folder)
    assert genome.fetch(Interval.parse("chr1:1")) == LETTERS["chr1"][0].upper()
    assert genome.fetch(Interval.parse("chr1:137")) == LETTERS["chr1"][136].upper()
    assert genome.fetch(Interval.parse("chr1:20-21")) == LETTERS["chr1"][19:21].upper()  # over a line end
    assert genome.fetch(Interval("chrM", -2, 3)) == "NNANN"
    assert genome.fetch(Interval("chr1", 0, 5, "-")) == genome.fetch(Interval("chr1", 0, 5))
    genome.close()


def test_names_with_and_without_chr(fasta: Path, index_folder: Path) -> None:
    genome = LocalFasta(fasta, index_folder=index_folder)
    assert genome.fetch(Interval("1", 3, 9)) == genome.fetch(Interval("chr1", 3, 9))
    assert genome.fetch(Interval("MT", 0, 1)) == "A"
    with pytest.raises(InvalidLocusError, match="no chromosome 'chr3' in toy"):
        genome.fetch(Interval("chr3", 0, 1))
    genome.close()


@pytest.mark.parametrize(("start", "end"), [(137, 138), (-5, 0), (500, 600), (-10, -5)])
def test_wholly_outside(fasta: Path, index_folder: Path, start: int, end: int) -> None:
    genome = LocalFasta(fasta, index_folder=index_folder)
    with pytest.raises(InvalidLocusError, match="lies outside chr1, which has 137 base pairs in toy"):
        genome.fetch(Interval("chr1", start, end))
    genome.close()


def test_nothing_is_written_beside_the_file(fasta: Path, index_folder: Path) -> None:
    LocalFasta(fasta, index_folder=index_folder).close()
    assert [path for path in fasta.parent.iterdir() if path.is_file()] == [fasta]
    made = sorted(index_folder.iterdir())
    assert [path.suffix for path in made] == ([".fai", ".gzi"] if fasta.suffix == ".gz" else [".fai"])
    before = [path.stat().st_mtime_ns for path in made]
    LocalFasta(fasta, index_folder=index_folder).close()
    assert [path.stat().st_mtime_ns for path in made] == before  # used again, not made again


def test_a_wrong_index_is_not_believed(fasta: Path, index_folder: Path, tmp_path: Path) -> None:
    genome = LocalFasta(fasta, index_folder=index_folder)
    expected = genome.fetch(Interval("chr2", 0, 60))
    genome.close()
    kept = next(index_folder.glob("*.fai"))
    good = kept.read_text()
    beside = fasta.with_name(fasta.name + ".fai")
    if fasta.suffix == ".gz":
        shutil.copy(next(index_folder.glob("*.gzi")), fasta.with_name(fasta.name + ".gzi"))
    wrong = [
        "",
        "chr1\n",
        "chr1\t137\t17\n",
        good.replace("\t60\t", "\t50\t"),
        good[:20],
        "chr1\tx\ty\tz\tw\n",
        "\0\1\2",
    ]
    wrong += ["chr1\t137\t9999999\t20\t21\n", "chr1\t137\t17\t0\t0\n", good.replace("chr2", "chr9")]
    for text in wrong:
        for place in (kept, beside):
            place.write_text(text)
        again = LocalFasta(fasta, index_folder=index_folder)
        assert again.fetch(Interval("chr2", 0, 60)) == expected, text
        assert set(again.contigs) == set(LETTERS)
        again.close()
        assert kept.read_text() == good


def test_a_good_index_beside_the_file_is_used(fasta: Path, index_folder: Path, tmp_path: Path) -> None:
    LocalFasta(fasta, index_folder=index_folder).close()
    for made in index_folder.iterdir():
        shutil.copy(made, fasta.with_name(fasta.name + made.suffix))
        made.unlink()
    beside = fasta.with_name(fasta.name + ".fai")
    beside.write_text("".join(line + "\n" for line in beside.read_text().splitlines() if not line.startswith("chrM")))
    genome = LocalFasta(fasta, index_folder=index_folder)
    assert set(genome.contigs) == {"chr1", "chr2"}
    genome.close()
    os.utime(beside, ns=(0, 0))  # older than the file
    genome = LocalFasta(fasta, index_folder=tmp_path / "other")
    assert set(genome.contigs) == set(LETTERS)
    genome.close()


def test_changed_since_it_was_opened(fasta: Path, index_folder: Path) -> None:
    genome = LocalFasta(fasta, index_folder=index_folder)
    before = genome.identity
    longer = fasta_text({"chr1": "ACGT" * 40})
    write_bgzip(fasta, longer) if fasta.suffix == ".gz" else fasta.write_text(longer)
    with pytest.raises(GenomeFileError, match="has changed since it was opened; open it again"):
        genome.fetch(Interval("chr1", 0, 5))
    genome.close()
    again = LocalFasta(fasta, index_folder=index_folder)
    assert again.identity != before
    assert again.fetch(Interval("chr1", 0, 160)) == "ACGT" * 40
    again.close()
    fasta.unlink()
    with pytest.raises(GenomeFileError, match="There is no FASTA file toy"):
        again.fetch(Interval("chr1", 0, 5))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.fa", b"", "a.fa is empty"),
        ("a.fa", b" \n\n", "a.fa is empty"),
        ("a.fa", b"ACGT\n", "is no FASTA file: it does not begin with"),
        ("a.fa", b"\x89PNG\r\n\x1a\n\0\0\0", "is no FASTA file"),
        ("a.fa", b">chr1\nAC\0GT\n", "is no FASTA file"),
        ("a.fa", ">chr1\nACÄ\n".encode(), "is no FASTA file"),
        ("a.2bit", b"\x43\x27\x41\x1a" + bytes(50), "make a FASTA of it with twoBitToFa"),
        ("a.fa", b">chr1\n", "cannot be read as FASTA|has no letters|no sequence"),
        ("a.fa", b">\nACGT\n", "cannot be read as FASTA"),
        ("a.fa", b">chr1\nACGT\nAC\nACGT\n", "lines of different lengths"),
        ("a.fa", b">chr1\nACGT\n>chr1\nACGT\n", "two sequences of one name"),
        (
            "a.fa.gz",
            gzip.compress(b">chr1\nACGT\n", mtime=0),
            "compressed with gzip, which cannot be read from the middle",
        ),
        ("a.fa.gz", b">chr1\nACGT\n", r"not compressed, which its name does not say; rename it \(drop .gz\)"),
        ("a.fa.gz", b"\x1f\x8bnonsense", "cannot be read"),
        ("a.fa.gz", b"\x1f\x8b", "cannot be read"),
    ],
)
def test_no_fasta(tmp_path: Path, index_folder: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GenomeFileError, match=sentence) as caught:
        LocalFasta(tmp_path / name, index_folder=index_folder)
    assert str(tmp_path) not in str(caught.value)
    assert not list(index_folder.glob("*"))  # nothing half-made stays


def test_more_that_is_no_fasta(tmp_path: Path, index_folder: Path) -> None:
    with pytest.raises(GenomeFileError, match=r"There is no FASTA file none.fa"):
        LocalFasta(tmp_path / "none.fa", index_folder=index_folder)
    with pytest.raises(GenomeFileError, match="is a folder"):
        LocalFasta(tmp_path, index_folder=index_folder)
    with pytest.raises(GenomeFileError, match="null is no file with a content of its own; give a FASTA file"):
        LocalFasta("/dev/null", index_folder=index_folder)
    write_bgzip(tmp_path / "b.fa", fasta_text())
    with pytest.raises(GenomeFileError, match=r"rename it \(add .gz\)"):
        LocalFasta(tmp_path / "b.fa", index_folder=index_folder)
    (tmp_path / "taken").write_text("a file where the folder should be")
    (tmp_path / "c.fa").write_text(fasta_text())
    with pytest.raises(GenomeFileError, match=r"cannot be kept in .* set ATTENDOME_CACHE"):
        LocalFasta(tmp_path / "c.fa", index_folder=tmp_path / "taken" / "indexes")


def test_a_full_disk(tmp_path: Path, index_folder: Path) -> None:
    (tmp_path / "many.fa").write_text("".join(f">c{number}\nACGT\n" for number in range(200)))
    with (
        full_disk(200),
        pytest.raises(GenomeFileError, match=r"index of many.fa cannot be kept .*File too large.* make room"),
    ):
        LocalFasta(tmp_path / "many.fa", index_folder=index_folder)
    assert not list(index_folder.iterdir())
    with closing(LocalFasta(tmp_path / "many.fa", index_folder=index_folder)) as genome:
        assert genome.fetch(Interval("c199", 0, 4)) == "ACGT"


def test_a_file_that_may_not_be_read(fasta: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)
        with pytest.raises(GenomeFileError, match=r"toy.* cannot be read \(Permission denied\); give a FASTA"):
            LocalFasta(fasta, index_folder=index_folder)
    assert not index_folder.exists()
    genome = LocalFasta(fasta, index_folder=index_folder)
    fasta.unlink()
    with pytest.raises(GenomeFileError, match="There is no FASTA file toy"):
        genome.fetch(Interval("chr1", 0, 5))
    genome.close()


def test_a_bgzip_file_cut_short(tmp_path: Path, index_folder: Path) -> None:
    path = tmp_path / "a.fa.gz"
    write_bgzip(path, fasta_text({"chr1": "".join(random.Random(3).choices("ACGT", k=300_000))}))
    path.write_bytes(path.read_bytes()[:-40_000])
    with pytest.raises(GenomeFileError, match=r"a\.fa\.gz (is cut short|cannot be read)"):
        LocalFasta(path, index_folder=index_folder)


def test_damage_in_the_middle(tmp_path: Path, index_folder: Path) -> None:
    path = tmp_path / "a.fa.gz"
    write_bgzip(path, fasta_text({"chr1": "".join(random.Random(3).choices("ACGT", k=300_000))}))
    LocalFasta(path, index_folder=index_folder).close()
    state = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 50] = bytes(50)
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # as a failing disk does: no new time of change
    genome = LocalFasta(path, index_folder=index_folder)
    with pytest.raises(GenomeFileError, match=r"a\.fa\.gz cannot be read at chr1:1; fetch the file again"):
        genome.fetch(Interval("chr1", 0, 300_000))
    genome.close()


def test_letters_that_are_no_dna() -> None:
    with pytest.raises(GenomeFileError, match="something else than DNA for chr1:1-4"):
        fetch_padded(Interval("chr1", 0, 4), {"chr1": 9}, "toy", lambda *_: "AC>G")
    with pytest.raises(GenomeFileError, match="gives 3 letters for 4 positions"):
        fetch_padded(Interval("chr1", 0, 4), {"chr1": 9}, "toy", lambda *_: "ACG")
    with pytest.raises(InvalidLocusError, match="at most 20,000,000 are read at once"):
        fetch_padded(Interval("chr1", 0, 30_000_000), {"chr1": 10**9}, "toy", lambda *_: "")


def test_assemblies() -> None:
    assert assembly_of({"chr1": 248_956_422}) == "hg38"
    assert assembly_of({"1": 249_250_621}) == "hg19"
    assert assembly_of({"chr1": 5}) == assembly_of({"chr2": 248_956_422}) == "unknown"


def test_the_real_megabase(test_data: Path, real_letters: str, index_folder: Path) -> None:
    genome = LocalFasta(test_data / "genome" / "hg38_chr1_1mb.fa.gz", assembly="hg38", index_folder=index_folder)
    assert dict(genome.contigs) == {"chr1": 1_000_000}
    assert len(real_letters) == 1_000_000
    whole = genome.fetch(Interval("chr1", 0, 1_000_000))
    assert whole == real_letters.upper()
    # N runs as documented beside the file, 0-based.
    for start, end in [(0, 10_000), (207_666, 257_666), (297_968, 347_968), (535_988, 585_988)]:
        assert set(genome.fetch(Interval("chr1", start, end))) == {"N"}
        assert genome.fetch(Interval("chr1", end, end + 1)) != "N"
        assert start == 0 or genome.fetch(Interval("chr1", start - 1, start)) != "N"
    assert "N" not in genome.fetch(Interval("chr1", 10_000, 206_608))
    draw = random.Random(2)
    for _ in range(200):
        start = draw.randrange(-50_000, 999_999)
        interval = Interval("1", start, start + draw.randrange(1, 70_000))
        if interval.end > 0:
            inside = real_letters[max(0, start) : interval.end].upper()
            assert genome.fetch(interval) == "N" * -min(0, start) + inside.ljust(interval.end - max(0, start), "N")
    for block in range(65_280, 1_000_000, 65_280):  # every edge of a bgzip block, give or take its line ends
        for start in range(block - 3 - block // 51, block + 3 - block // 51):
            assert genome.fetch(Interval("chr1", start, start + 2)) == real_letters[start : start + 2].upper()
    genome.close()


def test_a_base_where_a_block_of_65536_bytes_ends(tmp_path: Path, index_folder: Path) -> None:
    letters = "".join(random.Random(4).choices("ACGT", k=150_000))
    path = tmp_path / "blocks.fa.gz"
    write_bgzip(path, f">chr1\n{letters}\n")  # Biopython's blocks hold 65,536 bytes
    genome = LocalFasta(path, index_folder=index_folder)
    for start in (65_530 - 6 + offset for offset in range(12)):
        assert genome.fetch(Interval("chr1", start, start + 1)) == letters[start]
        assert (
            genome.fetch(Interval("chr1", start, start + 90_000 - 65_530)) == letters[start : start + 90_000 - 65_530]
        )


def test_several_threads(test_data: Path, real_letters: str, index_folder: Path) -> None:
    genome = LocalFasta(test_data / "genome" / "hg38_chr1_1mb.fa.gz", index_folder=index_folder)

    def look(seed: int) -> bool:
        start = random.Random(seed).randrange(0, 990_000)
        return genome.fetch(Interval("chr1", start, start + 5_000)) == real_letters[start : start + 5_000].upper()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, range(200)))
    genome.close()


def test_variants_and_the_genome(test_data: Path, index_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "toy.fa"
    path.write_text(">chr1\nACGTACCATT\n")
    genome = LocalFasta(path, index_folder=index_folder)
    check_variant(Variant.parse("chr1:2:C:T"), genome)
    check_variant(Variant.parse("1:7:CAT:C"), genome)
    for text, found, sentence in [
        ("chr1:2:T:C", "C", "says T, but toy.fa has C there; that is the alternative: swap"),
        ("chr1:3:A:T", "G", "has G there; check the assembly"),
        ("chr1:6:CAT:C", "CCA", "CAT begins at 7: positions are counted from 1"),
    ]:
        with pytest.raises(ReferenceMismatchError, match=sentence) as caught:
            check_variant(Variant.parse(text), genome)
        assert caught.value.found == found
    with pytest.raises(InvalidLocusError, match="lies outside chr1, which has 10 base pairs"):
        check_variant(Variant.parse("chr1:10:TG:T"), genome)
    genome.close()
    # The first variant of the shared file lies inside the real megabase.
    lines = (test_data / "variants" / "baskerville_eqtl.vcf").read_text().splitlines()
    first = Variant.parse(next(line for line in lines if not line.startswith("#")))
    real = LocalFasta(test_data / "genome" / "hg38_chr1_1mb.fa.gz", index_folder=index_folder)
    check_variant(first, real)
    real.close()


def test_a_forgotten_genome_closes_its_file(fasta: Path, index_folder: Path) -> None:
    genome = LocalFasta(fasta, index_folder=index_folder)
    del genome
    gc.collect()  # a file left open would be a warning, and so an error
