"""Windows whose letters are not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SequenceError
from core.genome import Interval, open_genome
from core.genome.window import check_window
from core.settings import Settings

PLACE = Interval("chr1", 0, 8)


def test_how_much_is_known() -> None:
    assert check_window("ACGTACGT", PLACE, "toy") is None
    assert check_window("NNNNACGT", PLACE, "toy") is None  # half is not more than half
    said = check_window("NNNNNCGT", PLACE, "toy")
    assert said == (
        "62% of the 8 letters read at chr1:1-8 of toy are N: unknown. The model sees nothing there, so take its "
        "prediction with care."
    )
    for letters in ("NNNNNNNN", "nnnn", ""):
        with pytest.raises(SequenceError, match=r"toy knows no letter of chr1:1-8: all of them are N.*choose another"):
            check_window(letters, PLACE, "toy")
    with pytest.raises(SequenceError, match="'X' as letter 1"):
        check_window("XNNN", PLACE, "toy")


def test_the_real_megabase(test_data: Path, tmp_path: Path) -> None:
    genome = open_genome(test_data / "genome" / "hg38_chr1_1mb.fa.gz", options=Settings(cache_folder=tmp_path))
    gap = Interval("chr1", 207_666, 257_666)
    with pytest.raises(SequenceError, match=r"hg38_chr1_1mb\.fa\.gz knows no letter of chr1:207,667-257,666"):
        check_window(genome.fetch(gap), gap, genome.name)
    for place, share in [(Interval("chr1", 10_000, 206_608), None), (Interval("chr1", 200_000, 260_000), "83%")]:
        said = check_window(genome.fetch(place), place, genome.name)
        assert said is None if share is None else said.startswith(share)
    # What overhangs the end is as unknown as a gap.
    overhang = Interval("chr1", 950_000, 1_146_608)
    assert check_window(genome.fetch(overhang), overhang, genome.name).startswith("75% of the 196,608 letters")
    genome.close()
