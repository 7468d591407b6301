"""Files of signal and regions on a genome: bins against per-base reading, r against numpy, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import AnnotationError, InvalidLocusError, SignalError
from core.genome import Interval
from core.genome.bigwig_file import bigwig_bytes
from core.genome.signal import BigWig
from core.genome.signals import (
    BLOCK_BINS,
    EXACT_BP,
    MOST_BINS,
    STAINS,
    Block,
    FileSource,
    bin_size_for,
    blocks_of,
    check_regions,
    file_sources,
    named_file,
    pearson,
    read_regions,
)
from core.genome.sizes import SizesGenome
from core.settings import read_settings

H3K27AC = "bigwig_chr9_4000000_6000000_K562_H3K27ac.bigwig"
RNA = "bigwig_chr9_4000000_6000000_K562_RNA.bigwig"
STATES = "bed_chr9_4000000_6000000_chromstates.bed"
CHR9 = 141_213_431


@pytest.fixture(scope="module")
def folder(test_data: Path) -> Path:
    return test_data / "tracks" / "hg19_chr9"


@pytest.fixture
def hg19(tmp_path: Path) -> SizesGenome:
    (tmp_path / "hg19.sizes").write_text(f"chr9\t{CHR9}\nchr1\t249250621\n")
    return SizesGenome(tmp_path / "hg19.sizes")


@pytest.mark.parametrize("name", [H3K27AC, RNA])
def test_means_are_those_of_reading_every_base(folder: Path, name: str) -> None:
    signal = BigWig(folder / name)
    place = Interval("chr9", 4_500_000, 4_500_000 + 128 * 1_024)
    np.testing.assert_allclose(signal.means(place, 1_024), signal.read([place])[0], rtol=1e-6, atol=1e-6)
    assert signal.means(place, 1_024).max() > 0
    over = Interval("chr9", CHR9 - 384, CHR9 + 384)
    assert np.array_equal(signal.means(over, 6), signal.read([over])[0], equal_nan=True)
    before = Interval("9", -100, 668)
    assert np.isnan(signal.means(before, 6)).tolist() == [True, False, False, False, False, False]
    assert np.isnan(signal.means(Interval("chr9", CHR9 + 10, CHR9 + 138), 2)).all()
    with pytest.raises(SignalError, match="cannot be cut into 3 bins"):
        signal.means(place, 3)
    with pytest.raises(InvalidLocusError, match="no chromosome 'chr8'"):
        signal.means(Interval("chr8", 0, 128), 1)


def test_summaries_serve_where_values_would_be_too_many(folder: Path) -> None:
    signal = BigWig(folder / H3K27AC)
    place = Interval("chr9", 4_000_000, 6_000_000)
    exact, quick = signal.means(place, 200), signal.means(place, 200, exact=False)
    assert pearson(exact, quick) > 0.95
    assert abs(quick.mean() / exact.mean() - 1) < 0.05


def test_the_resolution_follows_the_zoom() -> None:
    assert [bin_size_for(width) for width in (1, MOST_BINS, MOST_BINS + 1, 100_000, CHR9)] == [1, 1, 2, 128, 131_072]
    for width in (1, 999, 40_000, 3_000_000, CHR9):
        assert width / bin_size_for(width) <= MOST_BINS
    blocks = blocks_of("chr9", 4_000_000, 4_100_000, 128, CHR9)
    assert [block.interval.start for block in blocks] == [3_997_696 + 65_536 * n for n in range(2)]
    assert blocks[0].bins == BLOCK_BINS
    # Panned by a little, the same blocks serve.
    assert set(blocks_of("chr9", 4_020_000, 4_120_000, 128, CHR9)) & set(blocks) == set(blocks)
    assert blocks_of("chr9", -5_000, 100, 1, 300) == (Block("chr9", 0, 1),)
    assert blocks_of("chr9", 600, 900, 1, 512) == ()
    assert Block("chr9", 0, EXACT_BP // BLOCK_BINS).exact
    assert not Block("chr9", 0, 2 * EXACT_BP // BLOCK_BINS).exact


def test_a_block_of_a_chromosome_that_is_not_in_the_file_is_not_measured(folder: Path) -> None:
    assert np.isnan(Block("chr1", 0, 128).read(BigWig(folder / H3K27AC))).all()
    assert np.nanmax(Block("9", 4_980_736, 128).read(BigWig(folder / H3K27AC))) > 1


def test_pearson_is_numpys_over_what_is_known_in_both() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(5, 2, 500).astype(np.float32)
    y = (0.3 * x + rng.normal(0, 1, 500)).astype(np.float32)
    assert pearson(x, y) == pytest.approx(np.corrcoef(x.astype(float), y.astype(float))[0, 1], abs=1e-12)
    holes = x.copy()
    holes[::3] = np.nan
    kept = np.isfinite(holes)
    assert pearson(holes, y) == pytest.approx(
        np.corrcoef(x[kept].astype(float), y[kept].astype(float))[0, 1], abs=1e-12
    )
    assert pearson(x, x) == 1
    assert pearson(x, -x) == -1
    assert pearson(np.zeros(9), np.arange(9.0)) is None
    assert pearson(np.array([1.0, np.nan, 3.0]), np.array([1.0, 2.0, 3.0])) is None
    with pytest.raises(ValueError, match="cannot be compared"):
        pearson(x, y[:3])


def test_the_files_of_the_settings(folder: Path) -> None:
    options = read_settings(
        {
            "ATTENDOME_SIGNALS": f"h3k27ac={folder / H3K27AC}:far=https://example.org/x/far.bw?a=b",
            "ATTENDOME_REGIONS": f"states={folder / STATES}",
        }
    )
    near, far, states = file_sources(options)
    assert (near.id, near.kind, near.remote, near.name) == ("signal:h3k27ac", "signal", False, H3K27AC)
    assert (far.id, far.remote, far.name) == ("signal:far", True, "far.bw")
    assert (states.id, states.kind, states.title) == ("regions:states", "regions", "states")
    assert named_file("signal:h3k27ac", options) == near
    with pytest.raises(SignalError, match="There is no file 'signal:other' here; give one of signal:h3k27ac"):
        named_file("signal:other", options)
    assert near.open_signal().contigs == {"chr9": CHR9}
    assert FileSource("a", "a", "signal", str(folder / "none.bw")).version.endswith("missing")
    with pytest.raises(SignalError, match=r"none\.bw cannot be opened"):
        FileSource("a", "a", "signal", str(folder / "none.bw")).open_signal()


def test_real_regions_in_their_own_colours(folder: Path, hg19: SizesGenome) -> None:
    track = read_regions(folder / STATES)
    check_regions(track, hg19)
    assert len(track.regions) == 508
    insulator = next(region for region in track.regions if region.name == "8_Insulator")
    assert (insulator.interval.start, insulator.colour) == (4_073_200, (10, 190, 254))
    bands = read_regions(folder / "hg19_ideogram.txt")
    assert {region.colour for region in bands.regions} <= set(STAINS.values())
    assert any(region.name == "p24.3" and region.interval.chrom == "chr9" for region in bands.regions)
    with pytest.raises(AnnotationError, match=r"GTF file of genes; give regions as BED"):
        read_regions(folder / "gtf_chr9_4000000_6000000.gtf")


def test_regions_that_do_not_fit(tmp_path: Path, hg19: SizesGenome) -> None:
    def regions(text: str):
        (tmp_path / "a.bed").write_text(text)
        return read_regions(tmp_path / "a.bed")

    check_regions(regions(f"9\t0\t{CHR9}\tall\n"), hg19)
    with pytest.raises(AnnotationError, match=r"a\.bed is of another assembly than hg19\.sizes: it reaches to chr9"):
        check_regions(regions(f"chr9\t0\t{CHR9 + 1}\n"), hg19)
    with pytest.raises(AnnotationError, match=r"a\.bed has no chromosome of hg19\.sizes"):
        check_regions(regions("sim1\t0\t5\n"), hg19)
    with pytest.raises(AnnotationError, match=r"Line 2 of a\.bed has 'x' as its end"):
        regions("chr9\t0\t5\nchr9\t5\tx\n")
    with pytest.raises(AnnotationError, match=r"There is no file none\.bed"):
        read_regions(tmp_path / "none.bed")
    stranded = regions("chr9\t7\t9\tpeak\t0\t+\nchr9\t0\t5\tother\t0\t-\n")
    assert [(region.name, region.interval.start) for region in stranded.regions] == [("other", 0), ("peak", 7)]


def test_written_bigwig_is_read_back_exactly(tmp_path: Path) -> None:
    starts = np.array([0, 128, 256, 700])
    values = np.array([0.1, np.nan, -3.25, 1e-7], np.float32)
    content = bigwig_bytes({"sim1": 1_000}, "sim1", starts, starts + 128, values)
    (tmp_path / "a.bw").write_bytes(content)
    signal = BigWig(tmp_path / "a.bw")
    assert dict(signal.contigs) == {"sim1": 1_000}
    found = signal.means(Interval("sim1", 0, 384), 3)
    np.testing.assert_array_equal(found, np.array([0.1, 0, -3.25], np.float32))
    assert signal.means(Interval("sim1", 700, 828), 1)[0] == np.float32(1e-7)
    with pytest.raises(SignalError, match="no value to write"):
        bigwig_bytes({"sim1": 1_000}, "sim1", starts, starts + 128, np.full(4, np.nan, np.float32))
    for bad in (starts - 1, starts + 200, np.array([0, 100, 256, 700])):
        with pytest.raises(SignalError, match="overlap or lie outside"):
            bigwig_bytes({"sim1": 1_000}, "sim1", bad, bad + 128, np.ones(4, np.float32))
