"""Names of planted sites; TOMTOM compiled once and used by several at a time."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from core.attribution import match_motifs, tomtom
from core.attribution.motif_library import jaspar
from core.attribution.q_values import q_values
from core.attribution.seqlets import Seqlet, seqlets
from core.attribution.tomtom import compare, motifs_ready, warm_motifs
from core.errors import JobCancelledError, MotifDatabaseError, SelectionError
from core.genome import Interval
from core.settings import ROOT
from tests.core.attribution.motif_toys import best_site, other_strand, planted, small_library

NAMES = ("CTCF", "REST", "GATA1::TAL1")


@pytest.fixture(scope="module")
def named():
    """CTCF at 200, REST at 500 on the other strand, GATA1::TAL1 at 800 taking away; the window begins at 3,000."""
    ctcf, rest, gata = (best_site(jaspar().find(name)) for name in NAMES)
    scores = planted(
        (200, ctcf, 1.0), (500, other_strand(rest), 1.0), (800, gata, -0.6), start=3_000,
        interval=Interval("sim4", 50_000, 51_000),
    )  # fmt: skip
    return scores, match_motifs(scores)


def test_planted_sites_are_named_with_strand_and_place(named):
    scores, table = named
    best = table[table["rank"] == 1]
    assert best.motif.tolist() == list(NAMES)
    assert best.strand.tolist() == ["+", "-", "+"]
    assert (best.motif_start - 3_000).tolist() == [200, 500, 800]
    assert (best.motif_end - best.motif_start).tolist() == [len(jaspar().find(name)) for name in NAMES]
    assert np.sign(best.contribution).tolist() == [1, 1, -1]
    assert best.chrom.tolist() == ["sim4"] * 3
    assert (best.position - 1 - 50_000).tolist() == (best.start - 3_000).tolist()
    assert all(
        letters == scores.letters[a - 3_000 : b - 3_000]
        for letters, a, b in zip(best.letters, best.start, best.end, strict=True)
    )
    assert best.url.iloc[0] == f"https://jaspar.elixir.no/matrix/{best.matrix_id.iloc[0]}"
    assert table.attrs == {"seqlets": 3, "library": jaspar().title, "most_q": 0.1}


def test_q_values_are_those_of_all_motifs(named):
    scores, table = named
    seqlet = seqlets(scores)[0]
    letters = np.pad(
        np.eye(4)[["ACGT".index(x) for x in scores.letters[200:215]]], ((2, 2), (0, 0)), constant_values=0.25
    )
    p_values = compare([letters], jaspar().matrices).p_values[0]
    rows = table[(table.seqlet == 0)]
    assert len(seqlet) == 15
    place = jaspar().ids.index(rows.matrix_id.iloc[0])
    assert rows.p_value.iloc[0] == pytest.approx(p_values[place], rel=0.5)  # flanking letters count a little
    np.testing.assert_allclose(
        rows.q_value.iloc[0], q_values(np.array([rows.p_value.iloc[0]]), tests=len(jaspar())), rtol=1e-6
    )


def test_flanks_that_do_not_contribute_do_not_change_the_name():
    site = best_site(jaspar().find("CTCF"))
    scores = planted((200, site, 1.0))
    wide = (Seqlet(190, 225, float(scores.per_base[190:225].sum()), 0.0),)
    assert match_motifs(scores, found=wide).motif.iloc[0] == "CTCF"
    weighted, letters = (
        match_motifs(scores, found=wide, query=query).p_value.iloc[0] for query in ("weighted", "letters")
    )
    assert weighted < letters / 10


def test_nothing_called_and_nothing_alike_give_an_empty_table():
    scores = planted()
    for table in (
        match_motifs(scores, found=()),
        match_motifs(scores, found=(Seqlet(10, 14, 0.1, 0.1),), most_q=1e-12),
    ):
        assert table.empty
        assert {"motif", "q_value", "url"} <= set(table.columns)


def test_a_library_that_is_too_small_is_a_sentence():
    with pytest.raises(MotifDatabaseError, match="24 vertebrate CORE matrices are too few"):
        match_motifs(planted(), library=small_library(jaspar(), 24))


def test_numbers_that_cannot_be_used_are_refused():
    for wrong in ({"matches": 0}, {"most_q": 0}, {"query": "both"}):
        with pytest.raises(SelectionError):
            match_motifs(planted(), **wrong)


def test_it_can_be_given_up(named):
    def stop(share: float) -> None:
        raise JobCancelledError("stop")

    with pytest.raises(JobCancelledError):
        match_motifs(named[0], on_progress=stop)


def test_several_threads_may_ask_at_once(named):
    scores, table = named
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(match_motifs(scores))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 3
    assert all(answer.equals(table) for answer in answers)


def test_what_was_compiled_is_used_again_by_another_process(named):
    assert motifs_ready()
    code = (
        "import numba.core.event as event\n"
        "class Count(event.Listener):\n"
        "    names = []\n"
        "    def on_start(self, e): self.names.append(e.data['dispatcher'].py_func.__name__)\n"
        "    def on_end(self, e): pass\n"
        "from core.attribution.tomtom import warm_motifs\n"
        "import memelite\n"
        "event.register('numba:compile', Count())\n"
        "print(round(warm_motifs()), Count.names.count('_tomtom'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    seconds, compiled = map(int, done.stdout.split())
    assert seconds < 30
    assert compiled == 0


def test_progress_ends_at_one():
    shares: list[float] = []
    warm_motifs(shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


@pytest.fixture
def unloaded(monkeypatch):
    tomtom._memelite.cache_clear()
    yield monkeypatch
    tomtom._memelite.cache_clear()


def test_a_place_that_cannot_be_written_moves_the_cache(unloaded, tmp_path):
    import numba

    unloaded.setattr(tomtom, "_can_write", lambda folder: False)
    unloaded.setattr(tomtom, "_own_folder", lambda: tmp_path)
    unloaded.setattr(numba.config, "CACHE_DIR", "")
    assert not motifs_ready()
    tomtom._memelite()
    assert str(tmp_path) == numba.config.CACHE_DIR
    (tmp_path / "memelite_0123").mkdir()
    (tmp_path / "memelite_0123" / "tomtom._tomtom-1.py311.nbi").touch()
    assert motifs_ready()


def test_a_missing_package_is_a_sentence(unloaded):
    unloaded.setattr(tomtom.util, "find_spec", lambda name: None)
    for ask in (motifs_ready, warm_motifs):
        with pytest.raises(MotifDatabaseError, match="memelite is not installed"):
            ask()
