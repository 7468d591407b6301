"""Files on the genome of the tracks page: chosen, given, laid over, read from a server, stopped, refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import runtime, runtime_signals
from core.genome import Interval
from core.genome.range_file import RangeFile
from core.genome.signal import BigWig
from core.settings import settings
from core.teaching.playground.files import playground_signal
from tests.core.genome.range_server import Faults, RangeServer

H3K27AC = "bigwig_chr9_4000000_6000000_K562_H3K27ac.bigwig"
H3K4ME3 = "bigwig_chr9_4000000_6000000_K562_H3K4me3.bigwig"  # of hg38
STATES = "bed_chr9_4000000_6000000_chromstates.bed"
PATIENCE = 30


def page(genome: str, chrom: str, start: int, end: int, tracks: str) -> None:
    """The part of the tracks page that belongs to files; rows end up in the session's state."""
    import numpy as np
    import streamlit as st

    from components.browser.scene import Piece, SignalRow
    from components.messages import explained_errors
    from core import runtime_dna
    from core.enformer.tracks import Track
    from core.genome import Interval
    from core.teaching.playground.card import track_table
    from core.teaching.playground.world import world
    from dashboard.tracks import files
    from dashboard.tracks.where import Ground

    start, end = st.session_state.get("moved", (start, end))
    ground = Ground(genome, runtime_dna.genome(genome), None)
    table = {"playground": tuple(track_table()), "k562": (Track(1, "b", "x", "CHIP", "H3K27ac", "K562"),), "": ()}[
        tracks
    ]
    with explained_errors():
        files.take_files()
        choice = files.choose_files(ground, table)
        rows = list(files.file_rows(choice, ground, chrom, (start, end), end - start))
        for track in table:
            bins = (end - start) // 128
            place = Interval(chrom, start, start + 128 * bins)
            playground = tracks == "playground"
            values = world().truth(place)[:, track.index].copy() if playground else np.arange(bins, dtype=np.float32)
            pieces = (Piece(start, 128.0, values),)
            row = SignalRow(id=f"track:{track.index}", title=track.label, unit=track.unit, pieces=pieces)
            rows.append(files.with_measured(choice, ground, chrom, row, track, (start, end)))
        files.render_reading()
        st.session_state["made"] = rows


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    settings.cache_clear()
    st.cache_resource.clear()


@pytest.fixture
def folder(test_data: Path) -> Path:
    return test_data / "tracks" / "hg19_chr9"


@pytest.fixture
def hg19(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hg19.sizes").write_text("chr9\t141213431\n")
    monkeypatch.setenv("ATTENDOME_GENOMES", f"mine={tmp_path / 'hg19.sizes'}")
    monkeypatch.setenv("ATTENDOME_CACHE", str(tmp_path / "cache"))
    return tmp_path


def opened(monkeypatch: pytest.MonkeyPatch, *arguments, **environment: str) -> AppTest:
    for name, value in environment.items():
        monkeypatch.setenv(f"ATTENDOME_{name}", value)
    settings.cache_clear()
    st.cache_resource.clear()
    app = AppTest.from_function(page, args=arguments, default_timeout=PATIENCE)
    app.run()
    assert not app.exception, app.exception
    return app


def choose(app: AppTest, *ids: str) -> AppTest:
    app.multiselect(key="files").set_value(list(ids)).run()
    assert not app.exception, app.exception
    return app


def test_files_on_a_genome_without_letters(hg19: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(
        monkeypatch, "mine", "chr9", 4_900_000, 5_000_000, "",
        SIGNALS=f"h3k27ac={folder / H3K27AC}:hg38={folder / H3K4ME3}",
        REGIONS=f"states={folder / STATES}:bands={folder / 'hg19_ideogram.txt'}",
    )  # fmt: skip
    assert app.session_state["made"] == []
    choose(app, "signal:h3k27ac", "signal:hg38", "regions:states", "regions:bands")
    rows = app.session_state["made"]
    assert [row.id for row in rows] == ["file:signal:h3k27ac", "file:regions:states", "file:regions:bands"]
    assert [piece.bin_bp for piece in rows[0].pieces] == [128.0] * len(rows[0].pieces)
    piece = rows[0].pieces[0]
    np.testing.assert_array_equal(
        piece.values,
        BigWig(folder / H3K27AC).means(Interval("chr9", piece.start_bp, piece.start_bp + 512 * 128), 512),
    )
    assert any(mark.colour == (255, 0, 0) for mark in rows[1].regions)  # 1_Active_Promoter
    assert [mark.name for mark in rows[2].regions] == ["p24.1"]
    (warning,) = app.warning
    assert "hg38 is not shown" in warning.value.replace("\\", "")
    assert "is of another assembly than mine: its chr9 has 138,394,717 base pairs" in warning.value.replace("\\", "")


def test_a_file_that_is_not_there_is_a_sentence(hg19: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = hg19 / "bad.bed"
    bad.write_text("chr9\t0\t5\nchr9\t5\n")
    app = opened(
        monkeypatch, "mine", "chr9", 0, 100_000, "", SIGNALS=f"gone={hg19 / 'gone.bw'}", REGIONS=f"bad={bad}"
    )  # fmt: skip
    choose(app, "signal:gone", "regions:bad")
    said = [warning.value.replace("\\", "") for warning in app.warning]
    assert len(said) == 2
    assert said[0].startswith("gone is not shown. gone.bw cannot be opened")
    assert said[1].startswith("bad is not shown. Line 2 of bad.bed has 2 columns")
    assert app.session_state["made"] == []


def test_signal_finds_the_track_that_it_belongs_to(hg19: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ("mine", "chr9", 4_900_000, 4_900_000 + 128 * 100)
    app = opened(monkeypatch, *place, "k562", SIGNALS=f"acetyl={folder / H3K27AC}")
    choose(app, "signal:acetyl")
    (row,) = app.session_state["made"]
    measured = BigWig(folder / H3K27AC).means(Interval(*place[1:]), 100)
    np.testing.assert_array_equal(row.pieces[0].second, measured)
    r = np.corrcoef(np.arange(100), measured.astype(float))[0, 1]
    assert row.note == f"r = {r:.2f} to measured"
    assert row.second_name == "measured"
    app.selectbox(key="over_signal:acetyl").set_value(-1).run()
    assert [row.id for row in app.session_state["made"]] == ["file:signal:acetyl", "track:1"]


def test_the_playground_brings_its_own_measurements(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = opened(monkeypatch, "playground", "sim1", 128_000, 256_000, "playground", CACHE=str(tmp_path))
    rows = app.session_state["made"]
    assert len(rows) == 12
    for row, name in ((rows[0], "DNASE:erythroid"), (rows[11], "CHIP:CTCF")):
        measured = BigWig(playground_signal(name)).means(Interval("sim1", 128_000, 256_000), 1_000)
        np.testing.assert_array_equal(row.pieces[0].second, measured)
        r = np.corrcoef(row.pieces[0].values.astype(float), measured.astype(float))[0, 1]
        assert row.note == (f"r = {r:.3f} to measured" if r >= 0.995 else f"r = {r:.2f} to measured")
        assert r > 0.9
    app.toggle(key="measured").set_value(False).run()
    assert all(row.pieces[0].second is None and not row.note for row in app.session_state["made"])


def test_own_files(hg19: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(monkeypatch, "mine", "chr9", 4_900_000, 5_000_000, "")
    assert not app.multiselect
    given = [
        ("my states.bed", (folder / STATES).read_bytes(), "text/plain"),
        ("broken.bw", (folder / H3K27AC).read_bytes()[:3_000], "application/octet-stream"),
        ("k27.bw", (folder / H3K27AC).read_bytes(), "application/octet-stream"),
    ]
    app.file_uploader(key="own_tracks").set_value(given).run()
    assert not app.exception, app.exception
    assert [row.title for row in app.session_state["made"]] == ["my_states.bed (yours)", "k27.bw (yours)"]
    (problem,) = app.error
    assert problem.value.replace("\\", "").startswith("broken.bw is no bigWig file, or is damaged")


# Files on a server -----------------------------------------------------------------------------------


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    defaults = dict(RangeFile.__init__.__kwdefaults__)
    monkeypatch.setattr(RangeFile.__init__, "__kwdefaults__", {**defaults, "pauses_seconds": (0.0,)})
    with RangeServer(files={"a.bw": (folder / H3K27AC).read_bytes()}) as running:
        yield running


def settled(app: AppTest) -> AppTest:
    """Run until nothing is read any more."""
    deadline = time.monotonic() + PATIENCE
    while app.session_state["_files_running"] and time.monotonic() < deadline:
        time.sleep(0.1)
        app.run()
    assert not app.exception, app.exception
    return app


def test_a_file_on_a_server_is_read_by_a_job(
    hg19: Path, folder: Path, server: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = Faults(chunk_delay=0.3)
    app = opened(monkeypatch, "mine", "chr9", 4_900_000, 5_000_000, "", SIGNALS=f"far={server.url('a.bw')}")
    assert server.requests == []
    choose(app, "signal:far")
    (row,) = app.session_state["made"]
    assert (row.note, row.pieces, row.missing) == ("reading …", (), "not read yet")
    assert any("Reading far" in mark.value for mark in app.markdown)
    assert [button.label for button in app.button] == ["Cancel"]
    server.mend()
    settled(app)
    (row,) = app.session_state["made"]
    assert (row.note, row.missing) == ("", "not measured")
    local = BigWig(folder / H3K27AC)
    for piece in row.pieces:
        place = Interval("chr9", piece.start_bp, round(piece.end_bp))
        np.testing.assert_array_equal(piece.values, local.means(place, len(piece.values)))
    asked = len(server.requests)
    app.run()
    assert len(server.requests) == asked


def test_reading_can_be_stopped_and_asked_for_again(
    hg19: Path, server: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = Faults(chunk_delay=0.3)
    app = opened(monkeypatch, "mine", "chr9", 4_900_000, 5_000_000, "", SIGNALS=f"far={server.url('a.bw')}")
    choose(app, "signal:far")
    (job,) = app.session_state["_files_running"].values()
    next(button for button in app.button if button.label == "Cancel").click().run()
    runtime.jobs().wait(job, PATIENCE)
    app.run()
    assert app.session_state["made"][0].note == "stopped"
    assert "far: Stopped" in app.warning[0].value.replace("\\", "")
    asked = len(server.requests)
    time.sleep(0.3)
    app.run()
    assert len(server.requests) == asked  # nothing starts by itself
    server.mend()
    next(button for button in app.button if button.label == "Read again").click().run()
    settled(app)
    assert app.session_state["made"][0].note == ""
    assert not app.warning


@pytest.mark.parametrize(
    ("content", "faults", "said"),
    [
        (b"no bigWig at all" * 40, {}, r"a.bw is no bigWig file, or is damaged"),
        (None, {"status": 404}, "a.bw"),
        ("hg38", {}, "is of another assembly than mine: its chr9 has 138,394,717"),
    ],
)
def test_what_a_server_gives_that_cannot_be_shown(
    hg19: Path, folder: Path, server: RangeServer, monkeypatch: pytest.MonkeyPatch, content, faults, said
) -> None:
    if content is not None:
        server.files["a.bw"] = (folder / H3K4ME3).read_bytes() if content == "hg38" else content
    server.faults = Faults(**faults)
    app = opened(monkeypatch, "mine", "chr9", 4_900_000, 5_000_000, "", SIGNALS=f"far={server.url('a.bw')}")
    settled(choose(app, "signal:far"))
    (row,) = app.session_state["made"]
    assert row.pieces == ()
    assert row.note in ("cannot be read", "stopped")
    assert said in app.warning[0].value.replace("\\", "")
    assert "Read again" in [button.label for button in app.button]


def test_another_place_takes_the_turn_of_the_one_before(
    hg19: Path, server: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = Faults(chunk_delay=0.3)
    app = opened(monkeypatch, "mine", "chr9", 4_100_000, 4_200_000, "", SIGNALS=f"far={server.url('a.bw')}")
    choose(app, "signal:far")
    (first,) = app.session_state["_files_running"].values()
    app.session_state["moved"] = (5_500_000, 5_600_000)
    app.run()
    (second,) = app.session_state["_files_running"].values()
    assert second != first
    assert runtime.jobs().wait(first, PATIENCE).state == "cancelled"
    assert runtime_signals.job_status("none") is None
