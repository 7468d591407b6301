"""The Python that makes a figure runs as shown and predicts the same."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from components.tracks.recipe import TracksRecipe, python_recipe
from core.enformer import EnformerEngine
from core.enformer.averaging import Averaging, window_with_flanks
from core.enformer.models import load_model
from core.genome import Interval, open_genome
from core.settings import ROOT
from core.teaching.playground.world import world


def run(folder: Path, script: str) -> str:
    """What a script prints that is run "in this app's folder"."""
    (folder / "tracks.py").write_text(script)
    for name in ("core", "assets"):
        (folder / name).symlink_to(ROOT / name)
    ran = subprocess.run(
        [sys.executable, "tracks.py"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("averaged", [False, True])
def test_it_runs(tmp_path, averaged):
    rng = np.random.default_rng(0)
    (tmp_path / "toy.fa").write_text(">chr1\n" + "".join(rng.choice(list("ACGT"), 40_000)) + "\n")
    window, tracks = ("chr1", -500, 32_268), (5, 1)
    averaging = Averaging(averaged, (2,) if averaged else ())
    recipe = TracksRecipe(
        "untrained", "toy.fa", window, "human", tracks, averaging.reverse_complement, averaging.shifts
    )  # fmt: skip
    run(tmp_path, python_recipe(recipe) + "np.save('found.npy', found.values)\n")
    place = Interval(*window)
    sequence, flanks = window_with_flanks(open_genome(tmp_path / "toy.fa"), place, averaging)
    engine = EnformerEngine(load_model("untrained"))
    found = engine.predict(sequence, tracks=tracks, interval=place, averaging=averaging, flanks=flanks)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), found.values, atol=1e-5)
    assert (tmp_path / "tracks.html").stat().st_size > 10_000


def test_the_truth_is_in_the_python_too(tmp_path):
    tracks, truth, origin = (0, 7), (0, 7), "playground: simulated genome"
    window = ("sim1", -20_000, 29_152)
    recipe = TracksRecipe("playground", "playground", window, "human", tracks, origin=origin, truth=truth)
    said = run(tmp_path, python_recipe(recipe) + "np.save('truth.npy', truth)\nnp.save('found.npy', found.values)\n")
    place = Interval(*window)
    model = load_model("playground")
    found = EnformerEngine(model).predict(world().genome.fetch(place), tracks=tracks, interval=place)
    expected = world().truth(found.interval)[:, [0, 7]]
    np.testing.assert_array_equal(np.load(tmp_path / "truth.npy"), expected)
    here = found.interval.start + 128 * np.arange(found.bins) > -128
    assert 0 < here.sum() < found.bins
    for number, line in enumerate(said.splitlines()):
        r = np.corrcoef(found.values[here, number], expected[here, number])[0, 1]
        assert line.startswith(found.tracks[number].label)
        assert float(line.rpartition(" = ")[2]) == pytest.approx(r, abs=0.011)
    page = (tmp_path / "tracks.html").read_text()
    assert origin in page
    assert page.count('"color":"black"') == 2


def test_a_name_may_have_braces():
    recipe = TracksRecipe("m", "my{genome}.fa", ("chr{1}", 0, 128), "human", (0,))
    assert "open_genome('my{genome}.fa')" in python_recipe(recipe)
    assert "Interval('chr{1}', 0, 128)" in python_recipe(recipe)


def test_a_name_stays_a_name():
    text = "x'); import os; os.system('y') #"
    tree = ast.parse(python_recipe(TracksRecipe(text, text, (text, 0, 1), text, (0,))))
    assert [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)].count(text) == 4
    assert not any(isinstance(node, ast.Attribute) and node.attr == "system" for node in ast.walk(tree))
