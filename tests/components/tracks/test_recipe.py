"""The Python that makes a figure runs as shown and predicts the same."""

from __future__ import annotations

import ast
import subprocess
import sys

import numpy as np
import pytest

from components.tracks.recipe import TracksRecipe, python_recipe
from core.enformer import EnformerEngine
from core.enformer.averaging import Averaging, window_with_flanks
from core.enformer.models import load_model
from core.genome import Interval, open_genome
from core.settings import ROOT


@pytest.mark.parametrize("averaged", [False, True])
def test_it_runs(tmp_path, averaged):
    rng = np.random.default_rng(0)
    (tmp_path / "toy.fa").write_text(">chr1\n" + "".join(rng.choice(list("ACGT"), 40_000)) + "\n")
    window, tracks = ("chr1", -500, 32_268), (5, 1)
    averaging = Averaging(averaged, (2,) if averaged else ())
    recipe = TracksRecipe(
        "untrained", "toy.fa", window, "human", tracks, averaging.reverse_complement, averaging.shifts
    )  # fmt: skip
    script = tmp_path / "tracks.py"
    script.write_text(python_recipe(recipe) + "np.save('found.npy', found.values)\n")
    for name in ("core", "assets"):  # "in this app's folder"
        (tmp_path / name).symlink_to(ROOT / name)
    ran = subprocess.run(
        [sys.executable, "tracks.py"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    place = Interval(*window)
    sequence, flanks = window_with_flanks(open_genome(tmp_path / "toy.fa"), place, averaging)
    engine = EnformerEngine(load_model("untrained"))
    found = engine.predict(sequence, tracks=tracks, interval=place, averaging=averaging, flanks=flanks)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), found.values, atol=1e-5)
    assert (tmp_path / "tracks.html").stat().st_size > 10_000


def test_a_name_stays_a_name():
    text = "x'); import os; os.system('y') #"
    tree = ast.parse(python_recipe(TracksRecipe(text, text, (text, 0, 1), text, (0,))))
    assert [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)].count(text) == 4
    assert not any(isinstance(node, ast.Attribute) and node.attr == "system" for node in ast.walk(tree))
