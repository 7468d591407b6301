"""Signal and regions of one session: checked by content, bounded, and gone with the session."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from core import track_uploads
from core.errors import AnnotationError, SignalError
from core.track_uploads import MAX_FILES, SessionTracks

BED = b"chr9\t0\t500\tpeak\n"
REAL = "bigwig_chr9_4000000_6000000_K562_H3K27ac.bigwig"


@pytest.fixture
def content(test_data: Path) -> bytes:
    return (test_data / "tracks" / "hg19_chr9" / REAL).read_bytes()


def test_kinds_are_told_by_content_and_closing_removes_all(content: bytes) -> None:
    folder = SessionTracks()
    signal = folder.keep("../my signal.txt", content)
    regions = folder.keep("a.bw", BED)
    assert (signal.kind, signal.name, signal.title) == ("signal", "my_signal.txt", "my_signal.txt (yours)")
    assert (regions.kind, regions.open_regions().regions[0].name) == ("regions", "peak")
    assert dict(signal.open_signal().contigs) == {"chr9": 141_213_431}
    packed = folder.keep("b.bed.gz", gzip.compress(BED))
    assert packed.open_regions().regions[0].interval.end == 500
    assert folder.sources == (signal, regions, packed)
    again = folder.keep("a.bw", BED + BED)
    assert folder.sources == (signal, packed, again)
    assert not Path(regions.place).exists()
    assert again.id != regions.id
    folder.remove("a.bw")
    folder.remove("a.bw")
    assert folder.sources == (signal, packed)
    home = Path(signal.place).parent.parent
    folder.close()
    assert not home.exists()
    assert folder.sources == ()


def test_what_is_refused_leaves_nothing_behind(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SessionTracks()
    kept = folder.keep("kept.bed", BED)
    home = Path(kept.place).parent.parent
    damaged = content[:2_000]
    bigbed = bytes.fromhex("ebf28987") + content[4:]
    for name, given, error, said in [
        ("a.bed", b"", AnnotationError, r"a\.bed is empty; give a bigWig or BED file"),
        ("a.bw", damaged, SignalError, r"a\.bw is no bigWig file, or is damaged"),
        ("a.bb", bigbed, SignalError, r"a\.bb is"),
        ("a.bed", b"chr1\t0\t5\nchr1\t9\n", AnnotationError, r"Line 2 of a\.bed has 2 columns"),
        ("a.bed", b"\0\1\2\3" * 50, AnnotationError, r"a\.bed is neither a bigWig nor a BED file"),
        ("a.bed.gz", gzip.compress(BED * 100)[:40], AnnotationError, r"damaged"),
        ("a.gtf", b'chr1\tx\tgene\t1\t5\t.\t+\t.\tgene_id "a";\n', AnnotationError, r"GTF file of genes"),
    ]:
        with pytest.raises(error, match=said):
            folder.keep(name, given)
    monkeypatch.setattr(track_uploads, "MAX_SIGNAL_BYTES", 1_000)
    monkeypatch.setattr(track_uploads, "MAX_REGIONS_BYTES", 100)
    with pytest.raises(SignalError, match=r"takes 0 MB of bigWig; .* name it in ATTENDOME_SIGNALS"):
        folder.keep("a.bw", content)
    with pytest.raises(AnnotationError, match=r"of BED; .* name it in ATTENDOME_REGIONS"):
        folder.keep("a.bed", BED * 50)
    assert folder.sources == (kept,)
    assert list(home.iterdir()) == [Path(kept.place).parent]


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SessionTracks()
    for number in range(MAX_FILES):
        folder.keep(f"{number}.bed", BED)
    with pytest.raises(AnnotationError, match=f"{MAX_FILES} files are kept already; take one away before you give x"):
        folder.keep("x.bed", BED)
    folder.keep("0.bed", BED)  # in place of the one of that name
    monkeypatch.setattr(track_uploads, "MAX_REGIONS", 10_000)
    with pytest.raises(AnnotationError, match="has more than 10,000 regions"):
        folder.keep("1.bed", BED * 20_001)
    monkeypatch.setattr(track_uploads, "MAX_UNPACKED_BYTES", 5_000_000)
    with pytest.raises(AnnotationError, match="unpacks to more than 5 MB"):
        folder.keep("1.bed", gzip.compress(b"chr1" + b" " * 8_000_000))


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    folder = SessionTracks()
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(AnnotationError, match=r"a\.bed cannot be kept here \(No space left on device\)"):
        folder.keep("a.bed", BED)
    assert folder.sources == ()
