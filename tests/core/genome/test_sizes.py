"""A genome without letters: what it answers, what it refuses, and that nothing is predicted on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.enformer import EnformerEngine, load_model
from core.enformer.asking import Question
from core.enformer.averaging import Averaging
from core.errors import GenomeFileError, GenomeUnavailableError, InvalidLocusError
from core.genome import Interval, Reference, genome_sources, named_genome, open_genome
from core.genome.sizes import SizesGenome, check_letters, has_letters, is_sizes_file
from core.settings import read_settings

TABLE = "# UCSC\nchr9\t141213431\nchr1 249250621\n\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "hg19.chrom.sizes").write_text(TABLE)
    return tmp_path / "hg19.chrom.sizes"


def test_it_is_a_reference_of_n(table: Path) -> None:
    genome = open_genome(table)
    assert isinstance(genome, SizesGenome)
    assert isinstance(genome, Reference)
    assert dict(genome.contigs) == {"chr9": 141_213_431, "chr1": 249_250_621}
    assert (genome.name, genome.assembly) == ("hg19.chrom.sizes", "hg19")
    assert genome.fetch(Interval("9", -2, 3)) == "NNNNN"
    with pytest.raises(InvalidLocusError, match="lies outside chr9"):
        genome.fetch(Interval("chr9", 141_213_431, 141_213_441))
    assert genome.identity == SizesGenome(table).identity
    table.write_text("chr9\t141213430\n")
    assert genome.identity != SizesGenome(table).identity
    genome.close()


def test_it_can_be_named(table: Path, tmp_path: Path) -> None:
    options = read_settings({"ATTENDOME_GENOMES": f"mine={table}", "ATTENDOME_CACHE": str(tmp_path)})
    assert "mine" in {source.name for source in genome_sources(options)}
    genome = named_genome("mine", options).open()
    assert (genome.name, has_letters(genome)) == ("mine", False)
    assert named_genome("mine", options).genes(genome) is None


def test_nothing_is_predicted_on_it(table: Path, tmp_path: Path) -> None:
    genome = open_genome(table)
    sentence = r"hg19\.chrom\.sizes is a table of chromosome sizes without letters, so nothing can be predicted on it"
    with pytest.raises(GenomeUnavailableError, match=sentence):
        check_letters(genome)
    engine = EnformerEngine(load_model("untrained"))
    with pytest.raises(GenomeUnavailableError, match=sentence):
        Question.at(engine, genome, Interval("chr9", 0, 32_768), "human", Averaging())
    (tmp_path / "a.fa").write_text(">chr1\nACGT\n")
    check_letters(open_genome(tmp_path / "a.fa"))


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        (TABLE, True),
        ("chr1\t5", True),
        (">chr1\nACGT\n", False),
        ("", False),
        ("ACGT\n", False),
        ("chr1\t0\t5\n", False),
    ],
)
def test_what_is_one(tmp_path: Path, text: str, sizes: bool) -> None:
    (tmp_path / "a").write_text(text)
    assert is_sizes_file(tmp_path / "a") == sizes
    assert not is_sizes_file(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chr1\t5\nchr2\n", r"Line 2 of a is 'chr2'; give a name and a length in base pairs"),
        ("chr1\t0\n", r"Line 1 of a is 'chr1\\t0'"),
        ("chr1\t5\nchr1\t6\n", "Line 2 of a names chr1 again"),
        ("# none\n", "a has no chromosome"),
        ("chr1\t99999999999\n", "Line 1 of a is"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a").write_text(text)
    with pytest.raises(GenomeFileError, match=said):
        SizesGenome(tmp_path / "a")


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(GenomeFileError, match="cannot be opened"):
        SizesGenome(tmp_path / "none")
    (tmp_path / "a").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GenomeFileError, match="a is no text"):
        SizesGenome(tmp_path / "a")
