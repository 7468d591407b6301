"""Slips of people who type places: what they are told."""

from __future__ import annotations

import pytest

from core.errors import InvalidLocusError
from core.genome import open_genome
from core.genome.annotation import Track
from core.genome.contigs import resolve_contig
from core.genome.gene_names import GeneNames
from core.genome.locate import locate


def test_letters_that_are_taken_for_digits_come_first():
    names = GeneNames([("SIMA4", ""), ("SIMA40", ""), ("SIMA41", ""), ("SIMA400", ""), ("OIL1", "")])
    assert names.nearest("SIMA4O")[0] == "SIMA40"
    assert names.nearest("sima4l")[0] == "SIMA41"
    assert names.nearest("01l1")[0] == "OIL1"
    assert len(names.nearest("SIMA4O")) == 3
    assert names.find("SIMA4O") == []  # offered, never taken for it


def test_few_chromosomes_are_all_named_and_many_are_not():
    with pytest.raises(InvalidLocusError, match="type one that it has: sim1, sim2, sim3, sim4"):
        resolve_contig("sim5", {f"sim{n}": 10 for n in range(1, 5)}, "toy")
    with pytest.raises(InvalidLocusError, match=r"such as chr22, chr2, chr21\."):
        resolve_contig("chr222", {f"chr{n}": 10 for n in range(1, 23)}, "toy")
    with pytest.raises(InvalidLocusError, match=r"such as c1, c2, c3 \(9 in all\)"):
        resolve_contig("xyz", {f"c{n}": 10 for n in range(1, 10)}, "toy")


@pytest.mark.parametrize("text", ["5000", "35,140,086", "35140086", "100-200"])
def test_a_lone_number_needs_its_chromosome(tmp_path, text):
    (tmp_path / "toy.fa").write_text(">simX\nACGT\n")
    genome = open_genome(tmp_path / "toy.fa")
    for annotation in (None, Track("toy")):
        with pytest.raises(
            InvalidLocusError, match=f"names no chromosome; type it in front, with a colon: simX:{text}"
        ):
            locate(text, genome, annotation)
